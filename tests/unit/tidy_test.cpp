// SPDX-License-Identifier: Apache-2.0
/// The rules of the house that a machine can check, kept as a test so that none of them wears off.
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace lyceum {
namespace {

namespace fs = std::filesystem;

struct File {
    std::string path; ///< Below the root of the project.
    std::vector<std::string> lines;
};

std::vector<File> sources() {
    std::vector<File> out;
    const fs::path root(LYCEUM_SOURCE);
    for (const auto* top :
         {"base", "sip", "rtp", "mixer", "presence", "server", "sql", "webadmin", "tests"}) {
        if (!fs::exists(root / top)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
            const auto extension = entry.path().extension();
            if (extension != ".cpp" && extension != ".hpp") continue;
            File file{fs::relative(entry.path(), root).string(), {}};
            std::ifstream in(entry.path());
            for (std::string line; std::getline(in, line);) file.lines.push_back(line);
            out.push_back(std::move(file));
        }
    }
    return out;
}

bool is_core(const std::string& path) {
    for (const auto* prefix :
         {"base/", "sip/", "rtp/", "mixer/", "presence/", "server/focus/", "webadmin/"})
        if (path.starts_with(prefix)) return true;
    return false;
}

TEST(Tidy, FilesBeginWithTheLicenceAndKeepTheirLength) {
    for (const auto& file : sources()) {
        ASSERT_FALSE(file.lines.empty()) << file.path;
        EXPECT_EQ(file.lines[0], "// SPDX-License-Identifier: Apache-2.0") << file.path;
        const bool header = file.path.ends_with(".hpp");
        EXPECT_LE(file.lines.size(), header ? 250u : 600u) << file.path;
        if (header) {
            EXPECT_EQ(file.lines.at(1), "#pragma once") << file.path;
        }
    }
}

/// Columns count characters, not octets.
std::size_t columns(const std::string& line) {
    std::size_t count = 0;
    for (const char c : line) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    return count;
}

TEST(Tidy, LinesFitIntoAHundredColumns) {
    for (const auto& file : sources())
        for (std::size_t i = 0; i < file.lines.size(); ++i)
            EXPECT_LE(columns(file.lines[i]), 100u) << file.path << ":" << i + 1;
}

/// A function ends at the first line that closes a brace in the column where it was opened.
TEST(Tidy, FunctionsFitOnAScreen) {
    static constexpr std::size_t function_lines_max = 70;
    const std::regex opening(R"(^[A-Za-z].*\)( const| noexcept)* \{$)");
    for (const auto& file : sources()) {
        if (file.path.starts_with("tests/"))
            continue; // Tables may be as long as the RFC's figures.
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            if (!std::regex_match(file.lines[i], opening)) continue;
            std::size_t end = i;
            while (end < file.lines.size() && file.lines[end] != "}") ++end;
            EXPECT_LE(end - i, function_lines_max) << file.path << ":" << i + 1;
        }
    }
}

TEST(Tidy, CoresTouchNoClockNoThreadAndNoSocket) {
    for (const auto& file : sources()) {
        if (!is_core(file.path)) continue;
        for (std::size_t i = 0; i < file.lines.size(); ++i)
            for (const auto* banned : {"steady_clock", "system_clock", "std::thread", "std::mutex",
                                       "sleep_for", "boost/asio", "random_device", "getrandom"})
                EXPECT_EQ(file.lines[i].find(banned), std::string::npos)
                    << file.path << ":" << i + 1 << ": " << banned;
    }
}

TEST(Tidy, NothingUnfinishedAndNoBraceListInsideAwait) {
    // Split, so that this file does not find itself. See docs/adr/0004 for the second.
    const std::string to_do = std::string("TO") + "DO", fix_me = std::string("FIX") + "ME";
    const std::regex brace_in_await("co_"
                                    "await [^;]*\\{");
    for (const auto& file : sources())
        for (std::size_t i = 0; i < file.lines.size(); ++i) {
            const auto& line = file.lines[i];
            EXPECT_EQ(line.find(to_do), std::string::npos) << file.path << ":" << i + 1;
            EXPECT_EQ(line.find(fix_me), std::string::npos) << file.path << ":" << i + 1;
            EXPECT_FALSE(std::regex_search(line, brace_in_await)) << file.path << ":" << i + 1;
        }
}

/// Each third-party library is named in one place (docs/architecture.md).
TEST(Tidy, LibrariesStayInTheirRooms) {
    struct Rule {
        const char* include;
        std::vector<std::string> rooms;
    };
    const std::vector<Rule> rules{
        {"<opus/", {"mixer/codec_opus.cpp", "tests/unit/mixer/space_test.cpp"}},
        {"<opusfile", {"mixer/opus_file.cpp"}},
        {"<spandsp", {"mixer/codec_g722.cpp"}},
        {"<speex/", {"mixer/noise_suppressor.cpp", "mixer/resampler.cpp"}},
        {"<sqlite3.h>", {"sql/database.cpp"}},
        {"<libxml/", {"presence/xml.cpp"}},
        {"<re2/", {"server/routing/enum_lookup.cpp"}},
        {"<ares.h>", {"server/net/resolver.cpp"}},
        {"<spdlog/", {"server/app/stderr_log.cpp"}},
        {"<toml++/", {"server/app/configuration.cpp"}},
        {"<srtp2/", {"rtp/srtp.cpp", "rtp/srtp_ciphers.cpp", "tests/bench/srtp_bench.cpp"}},
        {"<openssl/",
         {"sip/auth/", "server/net/certificate.cpp", "rtp/srtp_ciphers.cpp", "rtp/dtls.cpp",
          "rtp/ice_lite.cpp", "webadmin/secrets.cpp"}},
        {"<fido", {"webadmin/passkey.cpp"}},
        {"<argon2", {"server/app/password_thread.cpp"}},
        {"<boost/json", {"webadmin/json.cpp", "webadmin/json.hpp"}},
        {"<boost/beast",
         {"server/net/beast.cpp", "server/net/http_client.cpp", "server/net/web_listener.cpp"}},
        {"<boost/asio", {"server/net/", "server/app/", "webadmin/"}}};
    for (const auto& file : sources())
        for (const auto& rule : rules)
            for (const auto& line : file.lines) {
                if (!line.starts_with(std::string("#include ") + rule.include)) continue;
                bool allowed = false;
                for (const auto& room : rule.rooms) allowed |= file.path.starts_with(room);
                EXPECT_TRUE(allowed) << file.path << ": " << line;
            }
}

} // namespace
} // namespace lyceum
