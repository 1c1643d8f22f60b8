// SPDX-License-Identifier: Apache-2.0
/// Protecting one packet while so many sessions live in the process: with libsrtp2 as Debian built
/// it (over NSS), then with the ciphers of rtp/srtp_ciphers.cpp. The order matters: ciphers are
/// replaced for the whole process, with the first SrtpContext.
#include "rtp/packet.hpp"
#include "rtp/srtp.hpp"

#include <benchmark/benchmark.h>
#include <srtp2/srtp.h>

#include <memory>
#include <vector>

namespace lyceum::rtp {
namespace {

constexpr std::size_t payload_bytes = 80;

void protect_as_debian_built_it(benchmark::State& state) {
    srtp_init();
    const auto count = static_cast<std::size_t>(state.range(0));
    Bytes key(30, 7);
    srtp_policy_t policy{};
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    policy.ssrc.type = ssrc_any_outbound;
    policy.key = key.data();
    std::vector<srtp_t> sessions(count);
    for (auto& session : sessions) srtp_create(&session, &policy);
    Bytes packet;
    std::uint16_t sequence = 0;
    std::size_t next = 0;
    for (auto _ : state) {
        packet.clear();
        write_packet(packet, {96, false, sequence, 0, 1}, Bytes(payload_bytes));
        int length = static_cast<int>(packet.size());
        packet.resize(packet.size() + SRTP_MAX_TRAILER_LEN);
        srtp_protect(sessions[next], packet.data(), &length);
        if (++next == count) next = 0, ++sequence;
    }
    for (auto session : sessions) srtp_dealloc(session);
    srtp_shutdown();
}
BENCHMARK(protect_as_debian_built_it)->Arg(1)->Arg(1000)->Arg(4000);

void protect(benchmark::State& state, SrtpSuite suite) {
    const auto count = static_cast<std::size_t>(state.range(0));
    const SrtpKey key{suite, Bytes(srtp_key_bytes(suite), 7)};
    std::vector<std::unique_ptr<SrtpContext>> sessions;
    for (std::size_t i = 0; i < count; ++i)
        sessions.push_back(std::make_unique<SrtpContext>(key, SrtpContext::Direction::outbound));
    const Bytes payload(payload_bytes);
    Bytes header, out;
    std::uint16_t sequence = 0;
    std::size_t next = 0;
    for (auto _ : state) {
        header.clear();
        write_packet(header, {96, false, sequence, 0, 1}, {});
        sessions[next]->protect_rtp(header, payload, out);
        if (++next == count) next = 0, ++sequence;
    }
}
BENCHMARK_CAPTURE(protect, aes_cm_128_sha1_80, SrtpSuite::aes_cm_128_sha1_80)
    ->Arg(1)
    ->Arg(1000)
    ->Arg(4000)
    ->Arg(10000);
BENCHMARK_CAPTURE(protect, aead_aes_256_gcm, SrtpSuite::aead_aes_256_gcm)->Arg(1)->Arg(10000);

} // namespace
} // namespace lyceum::rtp
