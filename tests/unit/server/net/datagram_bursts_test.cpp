// SPDX-License-Identifier: Apache-2.0
#include "base/random.hpp"
#include "server/net/udp_socket.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lyceum::net {
namespace {

const SocketAddress ann{IpAddress::v4(0x7f000001), 5070}, bob{IpAddress::v4(0x7f000001), 5071};

Datagram datagram(const SocketAddress& to, std::size_t bytes) {
    return {to, std::string(bytes, 'x')};
}

/// Each burst as the places in the queue of what is in it.
std::vector<std::vector<std::size_t>> planned(const std::vector<Datagram>& queue,
                                              std::size_t together = Burst::datagrams_max) {
    const BurstPlan plan(queue, together);
    std::vector<std::vector<std::size_t>> out;
    for (const auto& burst : plan.bursts()) {
        auto& places = out.emplace_back();
        for (auto each = burst.first; places.size() < burst.count; each = plan.after(each))
            places.push_back(each);
    }
    return out;
}

using Places = std::vector<std::vector<std::size_t>>;

TEST(BurstPlan, OneAddressAndOneLengthIsOneBurst) {
    EXPECT_EQ(planned({}), Places{});
    EXPECT_EQ(planned({datagram(ann, 400), datagram(bob, 300), datagram(ann, 400),
                       datagram(bob, 300), datagram(ann, 400)}),
              (Places{{0, 2, 4}, {1, 3}}));
}

TEST(BurstPlan, AShorterOneIsTheLast) {
    EXPECT_EQ(planned({datagram(ann, 400), datagram(ann, 399), datagram(ann, 399),
                       datagram(ann, 400), datagram(ann, 400)}),
              (Places{{0, 1}, {2}, {3, 4}}));
}

TEST(BurstPlan, WhatTheKernelWouldNotCutIsAlone) {
    EXPECT_EQ(planned({datagram(ann, 1401), datagram(ann, 1401)}), (Places{{0}, {1}}));
    EXPECT_EQ(planned({datagram(ann, 0), datagram(ann, 0)}), (Places{{0}, {1}}));
    EXPECT_EQ(planned({datagram(ann, 9), datagram(ann, 0), datagram(ann, 9)}),
              (Places{{0}, {1}, {2}}))
        << "of nothing there is nothing to cut off";
    EXPECT_EQ(planned({datagram(ann, 4), datagram(ann, 4)}, 1), (Places{{0}, {1}}));
}

TEST(BurstPlan, ABurstHasAnEnd) {
    const auto by_count = planned(std::vector<Datagram>(150, datagram(ann, 10)));
    ASSERT_EQ(by_count.size(), 3u);
    EXPECT_EQ(by_count[0].size(), 64u);
    EXPECT_EQ(by_count[2].size(), 22u);
    const auto by_bytes = planned(std::vector<Datagram>(50, datagram(ann, 1400)));
    ASSERT_EQ(by_bytes.size(), 2u);
    EXPECT_EQ(by_bytes[0].size(), 42u);
}

/// Whatever is queued: each datagram is in one burst, and to each address all go in their order.
TEST(BurstPlan, NothingIsLostAndOrderIsKept) {
    Random random(7);
    for (int round = 0; round < 200; ++round) {
        std::vector<Datagram> queue;
        for (auto n = random.below(200); n > 0; --n)
            queue.push_back(
                datagram({IpAddress::v4(0x0a000001), std::uint16_t(random.below(100) + 5000)},
                         random.below(4) * 700));
        std::map<SocketAddress, std::size_t> last;
        std::size_t seen = 0;
        for (const auto& burst : planned(queue)) {
            for (const auto at : burst) {
                ++seen;
                EXPECT_EQ(queue[at].to, queue[burst.front()].to);
                const auto [place, first] = last.try_emplace(queue[at].to, at);
                EXPECT_TRUE(first || place->second < at);
                place->second = at;
                if (at == burst.back()) continue;
                EXPECT_EQ(queue[at].bytes.size(), queue[burst.front()].bytes.size());
            }
        }
        EXPECT_EQ(seen, queue.size());
    }
}

/// By real sockets, on loopback: whatever the kernel is given, each datagram arrives as it was.
class UdpSocketTest : public testing::TestWithParam<std::string> {
protected:
    static SocketAddress any_port(std::string_view ip) { return {*IpAddress::parse(ip), 0}; }

    void hear(std::size_t datagrams) {
        for (int turns = 0; heard.size() < datagrams && turns < 100; ++turns)
            io.run_one_for(std::chrono::seconds(1));
    }

    boost::asio::io_context io;
    std::vector<std::string> heard;
    UdpSocket receiver{
        io, any_port("127.0.0.1"),
        [this](std::string_view bytes, const SocketAddress&) { heard.emplace_back(bytes); }, [] {}};
    UdpSocket sender{io, any_port(GetParam()), [](std::string_view, const SocketAddress&) {},
                     [] {}};
    const SocketAddress there{*IpAddress::parse("127.0.0.1"), receiver.port()};
};

TEST_P(UdpSocketTest, EachDatagramArrivesWholeAndInOrder) {
    std::vector<std::string> said;
    for (const std::size_t bytes : {500u, 500u, 500u, 20u, 600u, 3000u, 600u, 600u, 1u, 9000u})
        said.push_back(std::string(bytes, static_cast<char>('a' + said.size())));
    receiver.start();
    for (const auto& each : said) sender.send(there, each);
    sender.flush();
    hear(said.size());
    EXPECT_EQ(heard, said);
}

TEST_P(UdpSocketTest, WhatTheKernelRefusesCostsNobodyElseAnything) {
    const SocketAddress everybody{*IpAddress::parse("255.255.255.255"), 5060}; // Not allowed to us.
    receiver.start();
    for (int i = 0; i < 3; ++i) {
        sender.send(everybody, "lost");
        sender.send(there, std::to_string(i));
        sender.send(everybody, std::string(2000, 'x'));
    }
    sender.flush();
    hear(3);
    EXPECT_EQ(heard, (std::vector<std::string>{"0", "1", "2"}));
}

INSTANTIATE_TEST_SUITE_P(BoundTo, UdpSocketTest, testing::Values("127.0.0.1", "::", "0.0.0.0"));

} // namespace
} // namespace lyceum::net
