// SPDX-License-Identifier: Apache-2.0
/// Replays the corpora, and the torture messages, through the fuzz targets: what was found once is
/// never found again.
#include "tests/fuzz/targets.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace lyceum::fuzz {
namespace {

std::size_t replay(const std::string& directory, void (*target)(ByteView)) {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(LYCEUM_SOURCE "/tests/" + directory)) {
        std::ifstream in(entry.path(), std::ios::binary);
        const Bytes bytes{std::istreambuf_iterator<char>(in), {}};
        target(bytes);
        // And cut short at every length of its beginning, which is where parsers trip.
        for (std::size_t size = 0; size < std::min<std::size_t>(bytes.size(), 200); ++size)
            target(ByteView(bytes).first(size));
        ++count;
    }
    return count;
}

TEST(Corpus, SipMessage) { EXPECT_GE(replay("fuzz/corpus/sip_message", fuzz_sip_message), 3u); }
TEST(Corpus, Torture) { EXPECT_EQ(replay("data/rfc4475", fuzz_sip_message), 49u); }
TEST(Corpus, Uri) { EXPECT_GE(replay("fuzz/corpus/uri", fuzz_uri), 5u); }
TEST(Corpus, Sdp) { EXPECT_GE(replay("fuzz/corpus/sdp", fuzz_sdp), 3u); }
TEST(Corpus, RelayedMedia) {
    EXPECT_GE(replay("fuzz/corpus/relayed_media", fuzz_relayed_media), 7u);
}
TEST(Corpus, Rtp) { EXPECT_GE(replay("fuzz/corpus/rtp", fuzz_rtp), 4u); }
TEST(Corpus, Rtcp) { EXPECT_GE(replay("fuzz/corpus/rtcp", fuzz_rtcp), 3u); }
TEST(Corpus, Srtp) { EXPECT_GE(replay("fuzz/corpus/srtp", fuzz_srtp), 3u); }
TEST(Corpus, Stun) { EXPECT_GE(replay("fuzz/corpus/stun", fuzz_stun), 1u); }
TEST(Corpus, Dtls) { EXPECT_GE(replay("fuzz/corpus/dtls", fuzz_dtls), 2u); }
TEST(Corpus, Proxy) { EXPECT_GE(replay("fuzz/corpus/proxy", fuzz_proxy), 4u); }
TEST(Corpus, Xcap) { EXPECT_GE(replay("fuzz/corpus/xcap", fuzz_xcap), 7u); }
TEST(Corpus, Cpim) { EXPECT_GE(replay("fuzz/corpus/cpim", fuzz_cpim), 5u); }
TEST(Corpus, Multipart) { EXPECT_GE(replay("fuzz/corpus/multipart", fuzz_multipart), 5u); }
TEST(Corpus, Pidf) { EXPECT_GE(replay("fuzz/corpus/pidf", fuzz_pidf), 3u); }
TEST(Corpus, Enum) { EXPECT_GE(replay("fuzz/corpus/enum", fuzz_enum), 3u); }
TEST(Corpus, Register) { EXPECT_GE(replay("fuzz/corpus/register", fuzz_register), 2u); }
TEST(Corpus, Conference) { EXPECT_GE(replay("fuzz/corpus/conference", fuzz_conference), 3u); }
TEST(Corpus, Api) { EXPECT_GE(replay("fuzz/corpus/api", fuzz_api), 9u); }
TEST(Corpus, Session) { EXPECT_GE(replay("fuzz/corpus/session", fuzz_session), 2u); }

} // namespace
} // namespace lyceum::fuzz
