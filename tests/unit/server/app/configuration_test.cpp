// SPDX-License-Identifier: Apache-2.0
#include "server/app/configuration.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace lyceum::app {
namespace {

/// What is said about a file with this text; empty if it is good.
std::string complaint(const std::string& text, Configuration& configuration) {
    auto path = (std::filesystem::temp_directory_path() / "lyceum-conf-XXXXXX").string();
    const int descriptor = mkstemp(path.data());
    ::close(descriptor);
    std::ofstream(path) << text;
    std::string said;
    try {
        read_file(configuration, path);
        check(configuration);
    } catch (const ConfigurationError& error) {
        said = error.what();
        if (said.starts_with(path)) said = said.substr(path.size());
    }
    std::filesystem::remove(path);
    return said;
}

TEST(Configuration, AFileSetsWhatItNames) {
    Configuration c;
    EXPECT_EQ(complaint("sip_port = 5070\ndomain = \"school.example\"\nlog_personal = true\n", c),
              "");
    EXPECT_EQ(c.sip_port, 5070);
    EXPECT_EQ(c.domain, "school.example");
    EXPECT_TRUE(c.log_personal);
    EXPECT_EQ(c.sips_port, 5061);
}

TEST(Configuration, AFaultIsNamedWithLineKeyAndWhatWasExpected) {
    struct Row {
        const char* text;
        const char* said;
    };
    static constexpr auto names =
        "name_servers: expected IP addresses, with or without a port, between commas";
    for (const auto& row :
         {Row{"\nsip_prot = 1\n", ":2: unknown key 'sip_prot'"},
          Row{"sip_port = \"5060\"\n", ":1: sip_port: expected a number"},
          Row{"sip_port = 70000\n", ":1: sip_port: expected a number from 0 to 65535"},
          Row{"domain = 7\n", ":1: domain: expected a text in quotes"},
          Row{"log_personal = 1\n", ":1: log_personal: expected true or false"},
          Row{"bind = \"localhost\"\n", "bind: expected an IP address"},
          Row{"name_servers = \"dns.example\"\n", names},
          Row{"name_servers = \"192.0.2.53,\"\n", ""},
          Row{"name_servers = \"192.0.2.53 , [2001:db8::53]:5353\"\n", ""},
          Row{"name_servers = \"2001:db8::53:\"\n", names},
          Row{"name_servers = \"192.0.2.53:70000\"\n", names},
          Row{"certificate = \"x.pem\"\n", "certificate and key go together"},
          Row{"sips_port = 5060\n", "sip_port and sips_port: expected two different ports"},
          Row{"log_level = \"loud\"\n", "log_level: expected debug, info, warning or error"}}) {
        Configuration c;
        EXPECT_EQ(complaint(row.text, c), row.said);
    }
    Configuration c;
    EXPECT_NE(complaint("sip_port = \n", c).find(":1:"), std::string::npos);
    EXPECT_NE(complaint("[sip]\nport = 1\n", c), "");
}

TEST(Configuration, AMissingFileIsSaid) {
    Configuration c;
    EXPECT_THROW(read_file(c, "/nonexistent.toml"), ConfigurationError);
}

TEST(Configuration, TheCommandLineUsesTheSameNames) {
    Configuration c;
    set_option(c, "sip-port", "0", "--sip-port");
    EXPECT_EQ(c.sip_port, 0);
    EXPECT_THROW(set_option(c, "sip-port", "x", "--sip-port"), ConfigurationError);
    EXPECT_THROW(set_option(c, "speed", "1", "--speed"), ConfigurationError);
}

TEST(Configuration, ExplainsEverySetting) { EXPECT_EQ(explain({}).size(), 37u); }

} // namespace
} // namespace lyceum::app
