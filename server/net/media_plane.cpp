// SPDX-License-Identifier: Apache-2.0
#include "server/net/media_plane.hpp"

#include "server/net/media_thread.hpp"

#include <algorithm>
#include <iterator>

namespace lyceum::net {

MediaPlane::MediaPlane(Options options, const Events& events, Entropy& entropy, Log& log)
    : options_(options), entropy_(entropy), free_ports_(options.ports),
      placement_(std::max<std::size_t>(options.threads, 1)),
      relays_(free_ports_, handshakes_, events.relay_lost, log) {
    for (std::size_t i = 0; i < std::max<std::size_t>(options.threads, 1); ++i)
        threads_.push_back(std::make_unique<MediaThread>(options_, events, handshakes_, log));
    for (auto& thread : threads_) {
        std::vector<MediaThread*> others;
        for (auto& other : threads_)
            if (other != thread) others.push_back(other.get());
        thread->set_others(std::move(others));
    }
}

MediaPlane::~MediaPlane() {
    handshakes_.stop(); // They tell the threads…
    relays_.stop();
    for (auto& thread : threads_) thread->stop(); // …which send for each other.
}

void MediaPlane::begin(focus::ConferenceId id, focus::ConferenceSound sound) {
    placement_.begin(id);
    ports_[id] = {};
    auto& thread = thread_of(id);
    thread.tell(id, [&thread, id, sound, seed = entropy_.u64()] { thread.begin(id, sound, seed); });
}

void MediaPlane::end(focus::ConferenceId id) {
    auto& thread = thread_of(id);
    thread.tell(id, [&thread, id] { thread.end(id); });
    ports_.erase(id);
    placement_.end(id);
}

using Use = mixer::SharedPort::Use;

bool MediaPlane::Port::has_room_for(const focus::MediaSource& source) const {
    if (use == Use::own || legs.size() >= legs_per_port_max || !source.is_told_apart())
        return false;
    return std::none_of(legs.begin(), legs.end(), [&](const auto& leg) {
        return leg.second && leg.second == source.announced;
    });
}

std::optional<SocketAddress> MediaPlane::open(focus::ConferenceId id, mixer::LegId leg,
                                              const focus::MediaSource& source) {
    auto& ports = ports_.at(id);
    auto port = std::find_if(ports.begin(), ports.end(),
                             [&](const Port& each) { return each.has_room_for(source); });
    if (port == ports.end()) {
        const auto use = source.is_told_apart() ? Use::shared : Use::own;
        // A call that comes from inside has no address; its media does.
        const bool has_address = !source.signalling.is_unspecified() || !source.announced;
        const auto local =
            open_port(id, has_address ? source.signalling : source.announced->ip, use);
        if (!local) return std::nullopt;
        ports.push_back({*local, use, {}});
        port = std::prev(ports.end());
    }
    port->legs.emplace(leg, source.announced);
    placement_.add_leg(id);
    auto& thread = thread_of(id);
    thread.tell(id, [&thread, id, leg, local = port->local] { thread.open(id, leg, local); });
    even_out();
    return port->local;
}

std::optional<SocketAddress> MediaPlane::open_port(focus::ConferenceId id, const IpAddress& peer,
                                                   Use use) {
    auto pair = free_ports_.open(peer);
    if (!pair) return std::nullopt;
    auto& thread = thread_of(id);
    thread.tell(id, [&thread, id, local = pair->local, use,
                     rtp = std::make_shared<MediaSocket>(std::move(pair->rtp)),
                     rtcp = std::make_shared<MediaSocket>(std::move(pair->rtcp))]() mutable {
        thread.open_port(id, local, use, std::move(rtp), std::move(rtcp));
    });
    return pair->local;
}

void MediaPlane::configure(focus::ConferenceId id, mixer::LegId leg, focus::LegAccess access,
                           mixer::LegSettings settings) {
    auto& thread = thread_of(id);
    thread.tell(id, [&thread, id, leg, access = std::move(access),
                     settings = std::move(settings)]() mutable {
        thread.configure(id, leg, std::move(access), std::move(settings));
    });
}

void MediaPlane::tell(focus::ConferenceId id, focus::MediaCommand command) {
    auto& thread = thread_of(id);
    thread.tell(id, [&thread, id, command = std::move(command)]() mutable {
        thread.carry_out(id, std::move(command));
    });
}

/// Both have to be on one thread, and have come there, before one can become part of the other.
void MediaPlane::absorb(focus::ConferenceId id, focus::ConferenceId other) {
    auto &thread = thread_of(id), &from = thread_of(other);
    if (&thread != &from) {
        thread.post([&thread, other] { thread.expect(other); });
        from.tell(other, [&from, &thread, other] { from.depart(other, thread); });
    }
    thread.tell(id, [&thread, id, other] { thread.absorb_when_here(id, other); });
    auto& ports = ports_.at(id);
    auto& more = ports_.at(other);
    std::move(more.begin(), more.end(), std::back_inserter(ports));
    ports_.erase(other);
    placement_.absorb(id, other);
    even_out();
}

void MediaPlane::close(focus::ConferenceId id, mixer::LegId leg) {
    auto& ports = ports_.at(id);
    const auto port = std::find_if(ports.begin(), ports.end(),
                                   [&](const Port& each) { return each.legs.contains(leg); });
    if (port == ports.end()) return; // It never got one.
    port->legs.erase(leg);
    placement_.remove_leg(id);
    if (port->legs.empty()) ports.erase(port);
    auto& thread = thread_of(id);
    thread.tell(id, [&thread, id, leg] { thread.close(id, leg); });
    even_out();
}

MediaThread& MediaPlane::thread_of(focus::ConferenceId id) {
    return *threads_[placement_.thread_of(id)];
}

/// What the conference is told from now on goes to the thread that it moves to, and waits there
/// until it has come.
void MediaPlane::even_out() {
    const auto move = placement_.next_move();
    if (!move) return;
    auto &from = *threads_[move->from], &to = *threads_[move->to];
    const auto id = move->conference;
    to.post([&to, id] { to.expect(id); });
    from.tell(id, [&from, &to, id] { from.depart(id, to); });
}

} // namespace lyceum::net
