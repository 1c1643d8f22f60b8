// SPDX-License-Identifier: Apache-2.0
/// What relayed calls cost: `relays CALLS [gcm]`. So many calls of two of 50 packets a second each,
/// for five seconds, through the thread of the relays and real sockets on loopback; with `gcm`, one
/// side is encrypted. Prints the CPU time of that thread.
#include "rtp/packet.hpp"
#include "server/net/os_entropy.hpp"
#include "server/net/relay_thread.hpp"
#include "tests/kit/address.hpp"
#include "tests/kit/recording_log.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace lyceum::net {
namespace {

constexpr int ticks = 250;

/// Of the thread of the relays.
std::chrono::nanoseconds cpu_time() {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::getline(std::ifstream(task.path() / "comm"), name);
        std::int64_t spent = 0;
        if (name == "relays") std::ifstream(task.path() / "schedstat") >> spent;
        if (spent > 0) return std::chrono::nanoseconds(spent);
    }
    return {};
}

struct Call {
    b2bua::MediaRelays::Opened relay;
    MediaSocket one, other;
    rtp::SrtpContext others;
};

std::vector<Call> set_up(RelayThread& relays, int count, bool encrypted) {
    const rtp::SrtpKey ours{rtp::SrtpSuite::aead_aes_128_gcm, Bytes(28, 1)},
        theirs{rtp::SrtpSuite::aead_aes_128_gcm, Bytes(28, 2)};
    const auto ip = *IpAddress::parse("127.0.0.1");
    std::vector<Call> out;
    std::uint16_t port = 33'000;
    for (int i = 0; i < count; ++i) {
        const auto relay = relays.open({ip, ip});
        const SocketAddress one{ip, port++}, other{ip, port++};
        auto first = MediaSocket::bind(one), second = MediaSocket::bind(other);
        if (!relay || !first || !second) throw std::runtime_error("no port");
        rtp::Relay::Settings settings{other, other, true};
        if (encrypted) settings.send_key = ours, settings.receive_key = theirs;
        relays.configure(relay->id, rtp::Relay::first, {one, one, true}, {});
        relays.configure(relay->id, rtp::Relay::second, std::move(settings), {});
        out.push_back({*relay,
                       std::move(*first),
                       std::move(*second),
                       {theirs, rtp::SrtpContext::Direction::outbound}});
    }
    return out;
}

void run(int count, bool encrypted) {
    kit::RecordingLog log;
    MediaPorts ports({*IpAddress::parse("127.0.0.1"), 21'000, 32'767});
    Handshakes handshakes;
    RelayThread relays(
        ports, handshakes, [](auto) {}, log);
    auto calls = set_up(relays, count, encrypted);
    std::this_thread::sleep_for(300ms);
    const auto before = cpu_time();
    auto next = std::chrono::steady_clock::now();
    std::int64_t sent = 0, heard = 0;
    const MediaSocket::Receive hear = [&](auto&&...) { ++heard; };
    for (std::uint16_t tick = 0; tick < ticks; ++tick) {
        Bytes packet, sealed;
        rtp::write_packet(packet, {0, false, tick, tick * 160u, 7}, Bytes(160, 0x55));
        for (std::size_t i = 0; i < calls.size(); ++i) {
            auto& [relay, one, other, others] = calls[i];
            one.send(relay.local[0], packet);
            const bool done = encrypted && others.protect_foreign_rtp(packet, sealed);
            other.send(relay.local[1], done ? sealed : packet);
            sent += 2;
            one.receive({}, {}, hear);
            other.receive({}, {}, hear);
            if (i % 8 == 7) std::this_thread::sleep_for(60ms / count); // Spread, as calls are.
        }
        std::this_thread::sleep_until(next += 20ms);
    }
    const auto spent = std::chrono::duration_cast<std::chrono::microseconds>(cpu_time() - before);
    std::cout << count << " calls" << (encrypted ? ", one side encrypted" : "") << ": " << heard
              << " of " << sent << " packets, " << spent.count() * 1000 / sent << " ns each, "
              << spent.count() / (ticks / 50) / count << " us of CPU a call and second\n";
}

} // namespace
} // namespace lyceum::net

int main(int argc, char** argv) {
    lyceum::net::run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 100, argc > 2);
}
