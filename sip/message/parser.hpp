// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "sip/message/message.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace lyceum::sip {

/// What the network may make us hold for one message. Beyond: 413, 414, 400, or dropped.
struct MessageLimits {
    std::size_t message_bytes_max = 65536;
    std::size_t start_line_bytes_max = 8192;
    std::size_t header_bytes_max = 16384; ///< One header field with its folded lines.
    std::size_t header_count_max = 256;
};

enum class Framing {
    datagram, ///< The body ends with the datagram unless Content-Length ends it before (§18.3).
    stream,   ///< The octets were cut by StreamFramer; Content-Length is exact.
};

/// Builds the index of one message in one pass. Fails only where nothing can be made of the octets:
/// no start line, no end of the headers, over a limit. What is merely wrong is kept for `validate`,
/// since a 400 needs the Via, From, To, Call-ID and CSeq of the broken request.
Result<Message, Fault> parse_message(std::string bytes, Framing framing = Framing::datagram,
                                     const MessageLimits& limits = {});

/// Cuts the octets of a TCP or TLS connection into messages by Content-Length (RFC 3261 §18.3). A
/// double CRLF between messages is a keep-alive ping and is answered with one CRLF (RFC 5626
/// §4.4.1). After a fault the connection has lost its framing and must be closed.
class StreamFramer {
public:
    explicit StreamFramer(MessageLimits limits = {}) : limits_(limits) {}

    enum class Found { nothing, message, ping, pong };

    void push(std::string_view octets) { buffer_.append(octets); }

    /// The next complete thing in the stream. For `message`, its octets are in `message`.
    Result<Found, Fault> next(std::string& message);

    [[nodiscard]] std::size_t buffered() const { return buffer_.size(); }

private:
    Result<std::size_t, Fault> body_bytes(std::string_view head) const;

    MessageLimits limits_;
    std::string buffer_;
    std::size_t scanned_ = 0; ///< Where the search for the end of the headers goes on.
};

} // namespace lyceum::sip
