// SPDX-License-Identifier: Apache-2.0
#include "server/app/access_log.hpp"

#include <gtest/gtest.h>

namespace lyceum::app {
namespace {

TEST(AccessLog, ALineIsAsWebServersWriteItWhateverSomebodySends) {
    const WallTime now{Duration(1'764'234'301'000'000)}; // 2025-11-27, 09:05:01 UTC.
    http::Request request{"GET", "/api/v1/users?q=\"a"};
    request.headers = {{"User-Agent", "evil\n127.0.0.1 - - \"forged\\"}};
    request.peer = {*IpAddress::parse("192.0.2.7"), 4711};
    EXPECT_EQ(access_line(request, 200, 512, now),
              R"(192.0.2.7 - - [27/Nov/2025:09:05:01 +0000] "GET /api/v1/users?q=\x22a HTTP/1.1" )"
              R"(200 512 "-" "evil\x0a127.0.0.1 - - \x22forged\x5c")");
}

TEST(AccessLog, WhatLetsATelephoneInIsNotWrittenDown) {
    const http::Request request{"GET", "/setup/0123456789abcdef"};
    EXPECT_NE(access_line(request, 200, 1, {}).find("\"GET /setup/- HTTP/1.1\""),
              std::string::npos);
}

TEST(AccessLog, WithoutAFileNothingIsWritten) {
    AccessLog log({});
    log.write({"GET", "/"}, 200, 0, {});
    EXPECT_TRUE(log.reopen());
    EXPECT_THROW(AccessLog("/nowhere/at/all"), std::runtime_error);
}

} // namespace
} // namespace lyceum::app
