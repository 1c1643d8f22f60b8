// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/phone.hpp"

#include "rtp/packet.hpp"

namespace lyceum::sim {
namespace {

using Session = sip::InviteSession;

SocketAddress phone_address(int number, std::uint16_t port) {
    return {IpAddress::v4(0xc6336400u + static_cast<std::uint32_t>(number)), port}; // 198.51.100.n
}

} // namespace

Phone::Phone(World& world, int number)
    : world_(world), number_(number), sip_(phone_address(number, 5060)),
      rtp_(phone_address(number, 4000)), entropy_(world.random.u64()), random_(world.random.u64()),
      local_(sip_), agent_({}, random_, entropy_, local_, log_) {}

/// Every third phone is behind a NAT, and does not know it.
std::string Phone::description(std::string_view more) const {
    const auto ip = number_ % 3 == 0 ? "10.0.0." + std::to_string(number_) : rtp_.ip.to_string();
    return kit::phone_sdp("0", more, ip, 4000);
}

void Phone::act() {
    if (dead_) return;
    const auto draw = random_.below(100);
    if (!session_) {
        if (draw < 70) call();
    } else if (!established_) {
        if (draw < 15) agent_.hang_up(*session_, "Changed my mind", world_.now);
    } else if (draw < 30) {
        agent_.hang_up(*session_, "Done", world_.now);
    } else if (draw < 60) {
        held_ = !held_;
        agent_.offer(*session_, description(held_ ? "a=sendonly\r\n" : ""), world_.now);
    } else if (draw < 65 && world_.faults_on) {
        world_.note("phone " + std::to_string(number_) + " is unplugged");
        dead_ = true;
    }
    drain();
}

void Phone::call() {
    const auto room = random_.below(14);
    std::string uri = "sip:demo@192.0.2.1";
    if (room == 0) uri = "sip:nowhere@192.0.2.1";
    if (room == 1) uri = "sip:echo@192.0.2.1";
    if (room == 2) uri = "sip:small@192.0.2.1";
    if (room > 4 && room < 10)
        uri = "sip:m" + std::to_string(random_.between(1, world_.member_count())) + "@192.0.2.1";
    if (room == 12) uri = "sip:annex@192.0.2.1";
    if (room == 13) uri = "sip:lesson@192.0.2.1";
    if (room == 10 || room == 11) uri = "sip:+4930" + std::to_string(number_) + "@192.0.2.1";
    const bool offerless = random_.chance(15);
    session_ = agent_.call({uri, "<sip:phone" + std::to_string(number_) + "@198.51.100.1>",
                            offerless ? std::string() : description()},
                           world_.now);
    held_ = established_ = false;
}

void Phone::be_called(sip::IncomingCall call) {
    const auto draw = random_.below(100);
    if (session_ || draw < 10)
        return agent_.reject(call.session, session_ || draw < 5 ? 486 : 603, "", world_.now);
    session_ = call.session;
    held_ = established_ = false;
    if (draw < 80) agent_.ring(call.session, 180, "", world_.now);
    if (draw < 25) return; // Nobody is there.
    world_.at(world_.now + random_.between(0, 8000) * 1ms, [this, id = call.session] {
        if (dead_ || session_ != id) return;
        if (random_.chance(10)) agent_.reject(id, 486, "", world_.now);
        else agent_.accept(id, description(), world_.now);
        drain();
    });
}

void Phone::retire() {
    if (dead_ || !session_) return;
    agent_.hang_up(*session_, "Retired", world_.now);
    drain();
}

void Phone::handle_sip(std::string bytes) {
    if (dead_) return;
    agent_.handle_message(kit::parse(std::move(bytes)),
                          {sip::Transport::udp, kit::address("192.0.2.1", 5060), {}}, world_.now);
    drain();
}

void Phone::handle_timeout() {
    if (dead_) return;
    agent_.handle_timeout(world_.now);
    drain();
}

void Phone::send_frame() {
    if (dead_ || !established_ || !remote_rtp_) {
        sending_ = false;
        return;
    }
    Bytes packet;
    const Bytes tone(160, static_cast<std::uint8_t>(0x20 + sequence_ % 2 * 0x80));
    rtp::write_packet(packet,
                      {0, false, sequence_, timestamp_, static_cast<std::uint32_t>(number_)}, tone);
    ++sequence_;
    timestamp_ += 160;
    world_.send_rtp(number_, rtp_, *remote_rtp_, std::move(packet));
    world_.at(world_.now + 20ms, [this] { send_frame(); });
}

void Phone::drain() {
    const auto learn = [this](const std::string& text) {
        const auto description = sdp::Description::parse(text);
        if (!description || description->media.empty()) return;
        const auto& audio = description->media.front();
        if (const auto ip = description->address(audio))
            remote_rtp_ = SocketAddress{*ip, audio.port};
        if (sending_) return;
        sending_ = true;
        world_.at(world_.now + 1ms, [this] { send_frame(); });
    };
    while (auto output = agent_.poll()) {
        if (auto* transmit = std::get_if<sip::Transmit>(&*output)) {
            if (!dead_) world_.send_sip(number_, true, std::move(transmit->bytes));
            continue;
        }
        if (auto* incoming = std::get_if<sip::IncomingCall>(&*output)) {
            be_called(std::move(*incoming));
            continue;
        }
        auto* event = std::get_if<sip::SessionEvent>(&*output);
        if (!event || event->session != session_) continue;
        if (std::get_if<Session::Established>(&event->event)) {
            established_ = true;
            world_.count_established();
        } else if (const auto* answered = std::get_if<Session::Answered>(&event->event)) {
            learn(answered->description);
        } else if (const auto* offered = std::get_if<Session::Offered>(&event->event)) {
            learn(offered->description);
            agent_.answer(*session_, description(), world_.now);
        } else if (std::get_if<Session::OfferWanted>(&event->event)) {
            agent_.answer(*session_, description(), world_.now);
        } else if (std::get_if<Session::Ended>(&event->event)) {
            session_.reset();
            established_ = false;
        }
    }
}

} // namespace lyceum::sim
