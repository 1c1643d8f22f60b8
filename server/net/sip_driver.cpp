// SPDX-License-Identifier: Apache-2.0
#include "server/net/sip_driver.hpp"

#include "server/net/clock.hpp"

#include <boost/asio/post.hpp>

namespace lyceum::net {

SipDriver::SipDriver(boost::asio::io_context& io, Cores cores, SipTransport& transport,
                     Resolver& resolver, std::vector<std::string> enum_suffixes, Keeper keeper)
    : io_(io), cores_(cores), transport_(transport), resolver_(resolver),
      enum_suffixes_(std::move(enum_suffixes)), keeper_(std::move(keeper)), timer_(io) {}

void SipDriver::handle_message(sip::Message message, const sip::Endpoint& from) {
    const auto now = monotonic_now();
    switch (cores_.guard.judge(message, from, now)) {
    case protection::Verdict::admit: break;
    case protection::Verdict::turn_away:
        cores_.agent.turn_away(std::move(message), from);
        return drain(now);
    case protection::Verdict::drop:
        // Whoever shares an address with a guesser may finish his call.
        if (!cores_.agent.knows(message)) return;
    }
    cores_.agent.handle_message(std::move(message), from, now);
    drain(now);
}

void SipDriver::handle_send_failed(sip::TransactionId transaction) {
    cores_.agent.handle_transport_error(transaction, monotonic_now());
}

void SipDriver::turn() {
    const auto now = monotonic_now();
    cores_.guard.handle_backlog(transport_.backlog(), now);
    // Who is to be told of something has a share of every turn, and the smaller one: each NOTIFY
    // has an answer, which must not pile up in the socket.
    const auto due = cores_.presence.deadline();
    if (due && *due <= now) cores_.presence.handle_timeout(now);
    drain(now);
    while (const auto output = cores_.guard.poll()) keeper_.keep_ban(*output);
    while (auto output = cores_.b2bua.poll()) keeper_.keep_call(std::move(*output));
    while (auto record = cores_.records.poll()) keeper_.keep_record(std::move(*record));
    transport_.flush();
    keeper_.turned();
    arm();
}

/// What one core does may give another something to do.
void SipDriver::drain(TimePoint now) {
    drain_registrar(now);
    drain_agent(now);
    do {
        drain_proxy();
        drain_trunks();
        const auto changed = cores_.records.take_changed();
        cores_.presence.handle_talks(changed, now);
        cores_.exploder.handle_talks(changed, now);
        drain_focus(now);
        drain_presence();
        drain_mailbox();
    } while (drain_agent(now));
}

/// False: there was nothing.
bool SipDriver::drain_agent(TimePoint now) {
    bool any = false;
    while (auto output = cores_.agent.poll()) {
        any = true;
        if (auto* transmit = std::get_if<sip::Transmit>(&*output)) {
            transport_.send(std::move(*transmit));
        } else if (auto* call = std::get_if<sip::IncomingCall>(&*output)) {
            cores_.focus.handle_call(std::move(*call), now);
        } else if (const auto* event = std::get_if<sip::SessionEvent>(&*output)) {
            cores_.focus.handle_session(*event, now);
        } else if (const auto* refer = std::get_if<sip::ReferReceived>(&*output)) {
            cores_.focus.handle_refer(*refer, now);
        } else if (auto* wanted = std::get_if<sip::Locate>(&*output)) {
            locate(cores_.agent, std::move(*wanted));
        } else {
            hand_on(*output, now);
        }
    }
    return any;
}

void SipDriver::drain_focus(TimePoint now) {
    for (const auto& room : cores_.focus.take_changed()) {
        cores_.presence.change("conference", room, now);
        keeper_.show(room);
    }
    while (auto output = cores_.focus.poll()) {
        if (auto* noted = std::get_if<focus::Focus::Noted>(&*output))
            keeper_.keep_action(std::move(*noted));
        else if (const auto* written = std::get_if<focus::Focus::Written>(&*output))
            cores_.exploder.handle_written(
                {written->room, written->member, written->name, written->session},
                written->received, now);
        else keeper_.speak(std::move(std::get<focus::Focus::Speak>(*output)));
    }
}

void SipDriver::drain_mailbox() {
    while (auto output = cores_.mailbox.poll()) {
        const auto& whose = std::visit(
            [](const auto& change) -> const std::string& { return change.recipient(); }, *output);
        cores_.presence.change("message-summary", whose, monotonic_now());
        keeper_.keep_mail(std::move(*output));
    }
}

/// What is none of the user agent's sessions': to whom it belongs.
void SipDriver::hand_on(sip::UserAgent::Output& shown, TimePoint now) {
    if (cores_.trunks.handle_stranger(shown, now)) return;
    if (cores_.b2bua.handle_stranger(shown, now)) return;
    if (cores_.presence.handle_stranger(shown, now)) return;
    if (cores_.mailbox.handle_stranger(shown, now)) return;
    if (cores_.exploder.handle_stranger(shown, now)) return;
    const auto* request = std::get_if<sip::RequestReceived>(&shown);
    if (!request || request->request.method() != sip::Method::register_)
        return cores_.proxy.handle_stranger(shown, now);
    cores_.registrar.handle_request(*request, now);
    drain_registrar(now);
}

void SipDriver::drain_trunks() {
    while (auto output = cores_.trunks.poll()) {
        if (auto* wanted = std::get_if<sip::Locate>(&*output))
            locate(cores_.trunks, std::move(*wanted));
        else keeper_.keep_state(std::get<trunk::Trunks::Changed>(*output));
    }
}

void SipDriver::drain_presence() {
    while (auto output = cores_.presence.poll()) {
        if (auto* wanted = std::get_if<sip::Locate>(&*output))
            locate(cores_.presence, std::move(*wanted));
        else keeper_.keep_presence(std::move(*output));
    }
}

void SipDriver::drain_proxy() {
    while (auto output = cores_.proxy.poll()) {
        if (auto* wanted = std::get_if<sip::Locate>(&*output)) {
            locate(cores_.proxy, std::move(*wanted));
            continue;
        }
        if (const auto* message = std::get_if<proxy::Proxy::Undelivered>(&*output)) {
            cores_.mailbox.keep(message->received, message->member, monotonic_now());
            continue;
        }
        auto& number = std::get<proxy::Proxy::Enumerate>(*output);
        resolver_.enumerate(std::move(number.number), enum_suffixes_,
                            [this, id = number.id](auto uris) {
                                boost::asio::post(io_, [this, id, found = std::move(uris)] {
                                    cores_.proxy.handle_numbered(id, found, monotonic_now());
                                    turn();
                                });
                            });
    }
}

template <class Core>
void SipDriver::locate(Core& core, sip::Locate wanted) {
    resolver_.locate(std::move(wanted.uri), [this, &core, id = wanted.id](auto targets) {
        boost::asio::post(io_, [this, &core, id, found = std::move(targets)]() mutable {
            core.handle_located(id, std::move(found), monotonic_now());
            turn();
        });
    });
}

void SipDriver::drain_registrar(TimePoint now) {
    while (auto output = cores_.registrar.poll()) {
        if (const auto* answer = std::get_if<registrar::Registrar::Answer>(&*output)) {
            cores_.agent.respond(answer->transaction, answer->response, now);
            continue;
        }
        auto& save = std::get<registrar::Registrar::Save>(*output);
        const auto& user = save.registration.user;
        cores_.presence.handle_registration(user, now);
        if (!save.registration.bindings.empty()) cores_.mailbox.handle_present(user, now);
        keeper_.keep_registration(std::move(save));
    }
}

void SipDriver::arm() {
    std::optional<TimePoint> next;
    for (const auto& each :
         {cores_.agent.deadline(), cores_.focus.deadline(), cores_.registrar.deadline(),
          cores_.proxy.deadline(), cores_.trunks.deadline(), cores_.b2bua.deadline(),
          cores_.presence.deadline(), cores_.mailbox.deadline(), cores_.exploder.deadline(),
          cores_.guard.deadline(), cores_.records.deadline()})
        next = earlier(next, each);
    // What is due already has its turn behind what has come, without a timer's system calls.
    if (next && *next <= monotonic_now()) {
        if (std::exchange(posted_, true)) return;
        return boost::asio::post(timer_.get_executor(), [this] {
            posted_ = false;
            handle_timeout();
        });
    }
    // Most deadlines go away before they are due. Setting the timer again each time would cost more
    // than that it now and then fires for nothing.
    if (!next || (armed_ && *armed_ <= *next)) return;
    armed_ = next;
    timer_.expires_at(steady(*next));
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) return; // Set anew meanwhile.
        armed_.reset();
        handle_timeout();
    });
}

/// Of presence, `turn` looks at the time itself.
void SipDriver::handle_timeout() {
    const auto now = monotonic_now();
    cores_.agent.handle_timeout(now);
    cores_.focus.handle_timeout(now);
    cores_.registrar.handle_timeout(now);
    cores_.proxy.handle_timeout(now);
    cores_.trunks.handle_timeout(now);
    cores_.b2bua.handle_timeout(now);
    cores_.mailbox.handle_timeout(now);
    cores_.exploder.handle_timeout(now);
    cores_.guard.handle_timeout(now);
    cores_.records.handle_timeout(now);
    turn();
}

} // namespace lyceum::net
