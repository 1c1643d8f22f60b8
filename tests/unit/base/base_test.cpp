// SPDX-License-Identifier: Apache-2.0
#include "base/address.hpp"
#include "base/base64.hpp"
#include "base/bytes.hpp"
#include "base/deadline_queue.hpp"
#include "base/random.hpp"
#include "base/rate_limit.hpp"
#include "base/text.hpp"
#include "base/timer_table.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lyceum {
namespace {

enum class Timer { a, b, count_ };
constexpr TimePoint zero{};

TEST(Text, HexadecimalOfOctetsAndNumbers) {
    EXPECT_EQ(hex_of("\x01\xff"), "01ff");
    EXPECT_EQ(octets_of_hex("01ff"), "\x01\xff");
    EXPECT_EQ(hex_of(0), "0000000000000000");
    EXPECT_EQ(hex_of(0x123456789abcdef0), "123456789abcdef0");
}

TEST(TimerTable, GivesTheEarliestAndEachOnce) {
    TimerTable<Timer> timers;
    EXPECT_EQ(timers.deadline(), std::nullopt);
    timers.set(Timer::a, zero + 2s);
    timers.set(Timer::b, zero + 1s);
    EXPECT_EQ(timers.deadline(), zero + 1s);
    EXPECT_EQ(timers.expired(zero + 1s - 1us), std::nullopt);
    EXPECT_EQ(timers.expired(zero + 1s), Timer::b);
    EXPECT_EQ(timers.expired(zero + 1s), std::nullopt);
    timers.stop(Timer::a);
    EXPECT_EQ(timers.deadline(), std::nullopt);
}

TEST(DeadlineQueue, OneDeadlineAKeyInOrderOfTimeThenKey) {
    DeadlineQueue<int> queue;
    queue.set(2, zero + 1s);
    queue.set(1, zero + 1s);
    queue.set(3, zero + 3s);
    queue.set(3, zero + 500ms);
    EXPECT_EQ(queue.deadline(), zero + 500ms);
    EXPECT_EQ(queue.expired(zero), std::nullopt);
    EXPECT_EQ(queue.expired(zero + 1s), 3);
    EXPECT_EQ(queue.expired(zero + 1s), 1);
    queue.remove(2);
    EXPECT_EQ(queue.expired(zero + 1h), std::nullopt);
    EXPECT_EQ(queue.size(), 0u);
}

/// What was moved or dropped is forgotten before it fills the memory, and is never put out.
TEST(DeadlineQueue, OldDeadlinesDoNotComeBack) {
    DeadlineQueue<int> queue;
    for (int round = 0; round < 1000; ++round)
        for (int key = 0; key < 5; ++key) queue.set(key, zero + (round * 10 + key) * 1s);
    queue.remove(3);
    EXPECT_EQ(queue.size(), 4u);
    EXPECT_EQ(queue.expired(zero + 9990s - 1us), std::nullopt);
    for (const int key : {0, 1, 2, 4}) EXPECT_EQ(queue.expired(zero + 1h * 24), key);
    EXPECT_EQ(queue.deadline(), std::nullopt);
}

/// Against a table that is sorted anew each time: whatever durations are mixed, and more of them
/// than there are lanes.
TEST(DeadlineQueue, IsAsIfAllWereSorted) {
    Random random(11);
    DeadlineQueue<int> queue;
    std::map<int, TimePoint> expected;
    const auto first = [&] {
        return std::min_element(expected.begin(), expected.end(), [](auto& a, auto& b) {
            return std::pair(a.second, a.first) < std::pair(b.second, b.first);
        });
    };
    auto now = zero;
    for (int step = 0; step < 20'000; ++step) {
        const auto key = static_cast<int>(random.below(200));
        if (random.chance(20)) {
            queue.remove(key);
            expected.erase(key);
        } else {
            static constexpr std::array<Duration, 5> usual{200ms, 500ms, 4s, 5s, 32s};
            const auto when = now + (random.chance(80) ? usual.at(random.below(usual.size()))
                                                       : Duration(random.between(0, 100'000'000)));
            queue.set(key, when);
            expected[key] = when;
        }
        if (random.chance(30)) now += Duration(random.between(0, 400'000));
        ASSERT_EQ(queue.size(), expected.size());
        ASSERT_EQ(queue.deadline(),
                  expected.empty() ? std::nullopt : std::optional(first()->second));
        while (const auto due = queue.expired(now)) {
            ASSERT_EQ(*due, first()->first);
            ASSERT_LE(first()->second, now);
            expected.erase(first());
        }
        ASSERT_TRUE(expected.empty() || first()->second > now);
    }
}

TEST(RateLimit, SoManyAtOnceAndSoManyOnTheLongRun) {
    RateLimit<int> limit(10, 3, 2);
    const auto takes = [&](int key, TimePoint now) {
        int taken = 0;
        while (limit.take(key, now)) ++taken;
        return taken;
    };
    EXPECT_EQ(takes(1, zero), 3);
    EXPECT_EQ(takes(1, zero + 100ms), 1);
    EXPECT_EQ(takes(1, zero + 10s), 3);
    EXPECT_EQ(takes(2, zero + 10s), 3) << "another key has its own";
    EXPECT_EQ(takes(3, zero + 10s), 3) << "beyond the last key they share";
    EXPECT_EQ(takes(4, zero + 10s), 0);
    EXPECT_EQ(limit.size(), 2u);
    EXPECT_EQ(takes(4, zero + 20s), 3) << "the quiet ones have made room";
    EXPECT_EQ(limit.size(), 1u);
}

TEST(Text, Utf8IsWellFormedOrNot) {
    for (const auto* good : {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (const auto* bad :
         {"\x80", "\xc3", "\xc0\xaf", "\xe0\x9f\x80", "\xed\xa0\x80", "\xf0\x8f\x80\x80",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "a\xe2\x82"})
        EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Bytes, ReadingPastTheEndGivesZerosAndSaysSo) {
    const Bytes bytes{1, 2, 3};
    ByteReader in(bytes);
    EXPECT_EQ(in.u16(), 0x0102);
    EXPECT_EQ(in.u16(), 0);
    EXPECT_FALSE(in.ok());
    EXPECT_EQ(in.u8(), 0);
}

TEST(Bytes, WriterAndReaderAgree) {
    Bytes bytes;
    ByteWriter out(bytes);
    out.u8(1);
    out.u16(0x203);
    out.u24(0x40506);
    out.u32(0x708090a);
    out.u64(0x0b0c0d0e0f101112);
    ByteReader in(bytes);
    EXPECT_EQ(in.u8(), 1);
    EXPECT_EQ(in.u16(), 0x203);
    EXPECT_EQ(in.u24(), 0x40506u);
    EXPECT_EQ(in.u32(), 0x708090au);
    EXPECT_EQ(in.u64(), 0x0b0c0d0e0f101112u);
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.left(), 0u);
}

TEST(Random, ASeedRepeatsAndDrawsStayInTheirBounds) {
    Random a(7), b(7), c(8);
    bool differs = false;
    for (int i = 0; i < 1000; ++i) {
        const auto draw = a.u64();
        EXPECT_EQ(draw, b.u64());
        differs |= draw != c.u64();
    }
    EXPECT_TRUE(differs);
    bool low = false, high = false;
    for (int i = 0; i < 1000; ++i) {
        const auto draw = a.between(-2, 2);
        ASSERT_GE(draw, -2);
        ASSERT_LE(draw, 2);
        low |= draw == -2;
        high |= draw == 2;
    }
    EXPECT_TRUE(low && high);
}

TEST(Text, NumbersAreDigitsWithinTheirType) {
    struct Row {
        const char* text;
        std::optional<std::uint16_t> number;
    };
    for (const auto& row : {Row{"0", 0}, Row{"65535", 65535}, Row{"65536", std::nullopt},
                            Row{"-1", std::nullopt}, Row{"+1", std::nullopt}, Row{"", std::nullopt},
                            Row{"1 ", std::nullopt}, Row{"0x1", std::nullopt}})
        EXPECT_EQ(parse_number<std::uint16_t>(row.text), row.number) << row.text;
}

TEST(Text, EscapesAreResolvedAndBrokenOnesStay) {
    EXPECT_EQ(unescape_percent("a%20b%"), "a b%");
    EXPECT_EQ(unescape_percent("%4"), "%4");
    EXPECT_EQ(unescape_percent("%zz%41"), "%zzA");
}

TEST(IpAddress, ReadsAndWritesBothFamilies) {
    EXPECT_EQ(IpAddress::parse("192.0.2.1")->to_string(), "192.0.2.1");
    EXPECT_EQ(IpAddress::parse("2001:db8::1")->to_host(), "[2001:db8::1]");
    EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
    EXPECT_EQ(IpAddress::parse("192.0.2"), std::nullopt);
    EXPECT_TRUE(IpAddress::parse("0.0.0.0")->is_unspecified());
    EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
    EXPECT_TRUE(IpAddress::parse("127.3.2.1")->is_loopback());
}

TEST(SocketAddress, ReadsWhatItWrites) {
    for (const auto* text : {"192.0.2.1:5060", "[2001:db8::1]:9060"})
        EXPECT_EQ(SocketAddress::parse(text).value_or(SocketAddress{}).to_string(), text);
    for (const auto* text : {"192.0.2.1", "2001:db8::1:9060", "[192.0.2.1]:1", "192.0.2.1:70000",
                             "example.org:1", ":1", ""})
        EXPECT_EQ(SocketAddress::parse(text), std::nullopt) << text;
}

TEST(Base64, IsThatOfRfc4648) {
    const std::pair<std::string_view, std::string_view> rows[] = {{"", ""},
                                                                  {"f", "Zg=="},
                                                                  {"fo", "Zm8="},
                                                                  {"foo", "Zm9v"},
                                                                  {"foob", "Zm9vYg=="},
                                                                  {"fooba", "Zm9vYmE="},
                                                                  {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, coded] : rows) {
        const Bytes octets(plain.begin(), plain.end());
        EXPECT_EQ(to_base64(octets), coded);
        EXPECT_EQ(from_base64(coded), octets);
        EXPECT_EQ(from_base64(coded.substr(0, coded.find('='))), octets);
    }
    for (const auto* broken : {"Z", "Zg=a", "Zm9v!", "Zm 9v", "=", "Zm9vY==="})
        EXPECT_FALSE(from_base64(broken)) << broken;
}

} // namespace
} // namespace lyceum
