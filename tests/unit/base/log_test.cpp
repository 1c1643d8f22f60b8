// SPDX-License-Identifier: Apache-2.0
#include "tests/kit/recording_log.hpp"

#include <gtest/gtest.h>

namespace lyceum {
namespace {

TEST(Log, WritesValuesNotProse) {
    kit::RecordingLog log;
    log.info("call.refused", {{"status", 404}, {"reason", "No Such Room"}, {"empty", ""}});
    EXPECT_EQ(log.lines().at(0), "call.refused status=404 reason=\"No Such Room\" empty=\"\"");
}

TEST(Log, TextFromTheNetworkCannotForgeALineOrAField) {
    kit::RecordingLog log;
    log.info("x", {{"agent", "a\r\nadmin.login user=\"root\""}});
    EXPECT_EQ(log.lines().at(0), "x agent=\"a??admin.login user=\\\"root\\\"\"");
}

TEST(Log, PersonalTextIsAFingerprintUnlessAskedFor) {
    kit::RecordingLog log;
    log.set_salt(1);
    log.info("x", {{"from", Redacted{"sip:+46701234567@example.org"}}});
    log.info("x", {{"from", Redacted{"sip:+46701234567@example.org"}}});
    log.show_personal(true);
    log.info("x", {{"from", Redacted{"192.0.2.7"}}});
    EXPECT_FALSE(log.has("4670"));
    EXPECT_EQ(log.lines()[0], log.lines()[1]);
    EXPECT_EQ(log.lines()[0].size(), std::string("x from=~123456").size());
    EXPECT_EQ(log.lines()[2], "x from=192.0.2.7");
}

TEST(Log, LinesBelowTheLevelAreNotWritten) {
    kit::RecordingLog log;
    log.set_level(LogLevel::warning);
    log.info("quiet");
    log.error("loud");
    ASSERT_EQ(log.lines().size(), 1u);
    EXPECT_EQ(log.lines()[0], "loud");
}

} // namespace
} // namespace lyceum
