// SPDX-License-Identifier: Apache-2.0
#include "server/net/sip_driver.hpp"

#include "server/net/clock.hpp"

#include <boost/asio/post.hpp>

namespace lyceum::net {

SipDriver::SipDriver(boost::asio::io_context& io, sip::UserAgent& agent, focus::Focus& focus,
                     registrar::Registrar& registrar, proxy::Proxy& proxy, protection::Guard& guard,
                     SipTransport& transport, Resolver& resolver, Save save, Keep keep)
    : io_(io), agent_(agent), focus_(focus), registrar_(registrar), proxy_(proxy), guard_(guard),
      transport_(transport), resolver_(resolver), save_(std::move(save)), keep_(std::move(keep)),
      timer_(io) {}

void SipDriver::handle_message(sip::Message message, const sip::Endpoint& from) {
    const auto now = monotonic_now();
    switch (guard_.judge(message, from, now)) {
    case protection::Verdict::admit: break;
    case protection::Verdict::turn_away:
        agent_.turn_away(std::move(message), from);
        return drain(now);
    case protection::Verdict::drop:
        // Whoever shares an address with a guesser may finish his call.
        if (!agent_.knows(message)) return;
    }
    agent_.handle_message(std::move(message), from, now);
    drain(now);
}

void SipDriver::handle_send_failed(sip::TransactionId transaction) {
    agent_.handle_transport_error(transaction, monotonic_now());
}

void SipDriver::handle_saved(const std::vector<registrar::SaveId>& ids, bool done) {
    for (const auto id : ids) registrar_.handle_saved(id, done);
    turn();
}

void SipDriver::turn() {
    const auto now = monotonic_now();
    guard_.handle_backlog(transport_.backlog(), now);
    drain(now);
    while (const auto output = guard_.poll()) keep_(*output);
    transport_.flush();
    arm();
}

void SipDriver::drain(TimePoint now) {
    drain_registrar(now);
    while (auto output = agent_.poll()) {
        if (const auto* transmit = std::get_if<sip::Transmit>(&*output)) {
            transport_.send(*transmit);
        } else if (auto* call = std::get_if<sip::IncomingCall>(&*output)) {
            focus_.handle_call(std::move(*call), now);
        } else if (const auto* event = std::get_if<sip::SessionEvent>(&*output)) {
            focus_.handle_session(*event, now);
        } else if (auto* wanted = std::get_if<sip::Locate>(&*output)) {
            locate(agent_, std::move(*wanted));
        } else if (const auto* request = std::get_if<sip::RequestReceived>(&*output);
                   request && request->request.method() == sip::Method::register_) {
            registrar_.handle_request(*request, now);
            drain_registrar(now);
        } else {
            proxy_.handle_stranger(*output, now);
        }
    }
    drain_proxy();
}

void SipDriver::drain_proxy() {
    while (auto wanted = proxy_.poll()) locate(proxy_, std::move(*wanted));
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
    while (auto output = registrar_.poll()) {
        if (const auto* answer = std::get_if<registrar::Registrar::Answer>(&*output))
            agent_.respond(answer->transaction, answer->response, now);
        else save_(std::move(std::get<registrar::Registrar::Save>(*output)));
    }
}

void SipDriver::arm() {
    const auto next = earlier(earlier(agent_.deadline(), registrar_.deadline()),
                              earlier(proxy_.deadline(), guard_.deadline()));
    if (next == armed_) return;
    armed_ = next;
    if (!next) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(steady(*next));
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) return; // Set anew meanwhile.
        armed_.reset();
        const auto now = monotonic_now();
        agent_.handle_timeout(now);
        registrar_.handle_timeout(now);
        proxy_.handle_timeout(now);
        guard_.handle_timeout(now);
        turn();
    });
}

} // namespace lyceum::net
