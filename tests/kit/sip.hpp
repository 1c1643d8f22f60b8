// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/assert.hpp"
#include "sip/message/parser.hpp"
#include "sip/message/writer.hpp"
#include "sip/transaction/endpoint.hpp"
#include "tests/kit/address.hpp"

#include <string>
#include <string_view>

/// Short ways to say SIP in tests.
namespace lyceum::kit {

/// We are always 192.0.2.1.
class FixedAddresses final : public sip::LocalAddresses {
public:
    explicit FixedAddresses(SocketAddress own = address("192.0.2.1", 5060)) : own_(own) {}
    [[nodiscard]] SocketAddress toward(const sip::Endpoint&) const override { return own_; }

private:
    SocketAddress own_;
};

/// Text with line feeds becomes a message with CRLF; Content-Length is added.
inline sip::Message message(std::string_view text, std::string_view body = {}) {
    std::string wire;
    for (const char c : text) {
        if (c == '\n') wire += '\r';
        wire += c;
    }
    wire += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
    auto parsed = sip::parse_message(std::move(wire));
    LYCEUM_ASSERT(parsed);
    return std::move(*parsed);
}

inline sip::Message parse(std::string bytes) {
    auto parsed = sip::parse_message(std::move(bytes));
    LYCEUM_ASSERT(parsed);
    return std::move(*parsed);
}

/// A plain audio description of a telephone.
inline std::string phone_sdp(std::string_view formats = "0 8", std::string_view more = {},
                             std::string_view ip = "192.0.2.9", int port = 40000) {
    std::string out = "v=0\r\no=- 1 1 IN IP4 ";
    out.append(ip).append("\r\ns=-\r\nc=IN IP4 ").append(ip).append("\r\nt=0 0\r\nm=audio ");
    out.append(std::to_string(port)).append(" RTP/AVP ").append(formats).append("\r\n");
    return out.append(more);
}

/// A request outside of any dialog, as a phone at 192.0.2.9 sends it.
inline sip::Message request(std::string_view method, std::string_view branch = "z9hG4bK1",
                            std::string_view more = {}, std::string_view body = {}) {
    std::string text(method);
    text.append(" sip:demo@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=");
    text.append(branch).append("\nMax-Forwards: 70\nFrom: <sip:alice@192.0.2.9>;tag=a1\n");
    text.append("To: <sip:demo@192.0.2.1>\nCall-ID: c1\nCSeq: 1 ").append(method);
    text.append("\nContact: <sip:alice@192.0.2.9:5060>\n").append(more);
    if (!body.empty()) text.append("Content-Type: application/sdp\n");
    return message(text, body);
}

} // namespace lyceum::kit
