// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "base/text.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/exchange.hpp"

namespace lyceum::fuzz {
namespace {

/// A request line and header fields, made whole where the fuzzer did not say otherwise.
std::string request_of(std::string_view text, int number) {
    std::string out(text.substr(0, text.find("\r\n")));
    const auto method = out.substr(0, out.find(' '));
    out.append(" SIP/2.0\r\nVia: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK" + std::to_string(number));
    out.append("\r\nFrom: <sip:eve@far.test>;tag=e\r\nCall-ID: c\r\nCSeq: ");
    out.append(std::to_string(number) + " " + method + "\r\n");
    if (text.find("To:") == std::string_view::npos) out.append("To: <sip:bob@school.test>\r\n");
    const auto lines = text.find("\r\n");
    if (lines != std::string_view::npos) out.append(text.substr(lines + 2));
    return out.append("\r\n\r\n");
}

/// A request of the called, in the dialog of an INVITE that it has answered with the tag "b".
std::string request_back(const sip::Message& invite, std::string_view text, int number) {
    const auto method = std::string(text.substr(0, text.find_first_of(" \r")));
    const auto lines = text.find("\r\n");
    const auto of = [&](sip::Header header) {
        return std::string(invite.header(header).value_or(""));
    };
    std::string out = method + " sip:x@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.20;branch=";
    out.append("z9hG4bKb" + std::to_string(number) + "\r\nFrom: " + of(sip::Header::to));
    out.append(";tag=b\r\nTo: " + of(sip::Header::from) + "\r\nCall-ID: ");
    out.append(of(sip::Header::call_id) + "\r\nCSeq: " + std::to_string(number) + " " + method);
    for (const auto route : invite.values(sip::Header::record_route))
        out.append("\r\nRoute: ").append(route);
    out.append("\r\n").append(lines == std::string_view::npos ? "" : text.substr(lines + 2));
    return out.append("\r\n\r\n");
}

} // namespace

/// What strangers, callers, phones and gateways may say to a proxy and its trunks, one part after
/// each NUL: `q` a request, `g` one from a gateway, `r` a response of these three digits to the
/// request that was sent last, `b` a request back in the dialog that it began, `m` a message as it
/// stands, `t` time. Everything sent is valid, and in the end all is at rest.
void fuzz_proxy(ByteView input) {
    kit::Exchange exchange;
    exchange.bind("bob", "sip:bob@192.0.2.20:5060");
    exchange.bind("bob", "sip:bob@192.0.2.21:5060", 500);
    exchange.members["carol"].forwarding = {"", "bob", "maths", ""};
    exchange.members["alice"].steps = {{"bob", 5s}, {"maths", 5s}};
    exchange.routes = {{"+.", "trunk:pstn", 0, "", false, false}};
    trunk::Trunk pstn;
    pstn.name = "pstn";
    pstn.gateways = {{"sip:198.51.100.7"}, {"sip:198.51.100.8"}};
    pstn.login = {"school", "word"};
    pstn.inbound = "maths";
    pstn.trusted = true;
    exchange.set_trunks({pstn});
    const sip::Endpoint gateway{sip::Transport::udp, kit::address("198.51.100.7", 5060), {}};
    const sip::Endpoint caller{sip::Transport::udp, kit::address("203.0.113.9", 5060), {}};
    std::optional<kit::Exchange::Sent> forwarded;
    const auto look = [&] {
        for (auto& call : exchange.taken)
            exchange.agent.reject(call.session, 486, {}, exchange.now);
        exchange.taken.clear();
        while (!exchange.wanted.empty()) exchange.located({});
        while (auto sent = exchange.next()) {
            // Who cannot write a To gets his own back.
            LYCEUM_ASSERT(sent->message.status() == 400 || !sip::validate(sent->message));
            const bool looks = sent->message.method() == sip::Method::options;
            if (sent->message.is_request() && !looks) forwarded = std::move(sent);
        }
    };
    int number = 0;
    for (auto rest = as_text(input); !rest.empty() && number < 60; ++number) {
        const auto part = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        if (part.empty()) continue;
        const auto text = part.substr(1);
        if (part[0] == 't') {
            exchange.run(std::chrono::seconds(text.size()));
        } else if (part[0] == 'r' && forwarded && text.size() >= 3) {
            const auto status = parse_number<int>(text.substr(0, 3)).value_or(0);
            if (status < 100 || status > 699) continue;
            auto writer = sip::MessageWriter::reply(forwarded->message, status, {}, "b");
            auto answer = writer.finish().bytes();
            answer.insert(answer.find("Content-Length"), text.substr(3));
            if (auto message = sip::parse_message(std::move(answer)))
                exchange.hand_in(*message, forwarded->to);
        } else if (part[0] == 'b' && forwarded) {
            auto message = sip::parse_message(request_back(forwarded->message, text, number));
            if (message) exchange.hand_in(*message, forwarded->to);
        } else {
            const bool made = part[0] == 'q' || part[0] == 'g';
            auto message = sip::parse_message(made ? request_of(text, number) : std::string(text));
            if (message) exchange.hand_in(*message, part[0] == 'g' ? gateway : caller);
        }
        look();
    }
    exchange.set_trunks({}); // Nobody is asked any more whether he lives.
    for (int round = 0; round < 30; ++round) {
        exchange.run(30s);
        look();
    }
    exchange.b2bua.end_all(exchange.now);
    exchange.turn();
    exchange.run(70s);
    look();
    LYCEUM_ASSERT(exchange.b2bua.size() == 0 && !exchange.b2bua.deadline());
    LYCEUM_ASSERT(exchange.proxy.size() == 0 && !exchange.proxy.deadline());
    LYCEUM_ASSERT(exchange.agent.transactions().size() == 0);
}

} // namespace lyceum::fuzz
