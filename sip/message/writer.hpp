// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/message/message.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

namespace lyceum::sip {

/// Writes one message, front to back, into one buffer. Values are written as given; line breaks in
/// them (header injection) become blanks, unless copied from a parsed message.
class MessageWriter {
public:
    static constexpr std::size_t usual_room = 1024; ///< Octets; it grows if they do not suffice.
    static MessageWriter request(Method method, std::string_view uri,
                                 std::size_t room = usual_room);
    static MessageWriter request(std::string_view method, std::string_view uri,
                                 std::size_t room = usual_room);
    /// With an empty `reason`, the standard phrase.
    static MessageWriter response(int status, std::string_view reason = {});
    /// A response to `request` with its Via, From, To, Call-ID and CSeq (RFC 3261 §8.2.6.2).
    /// `to_tag` is added where the request has none. A response in the place of the request gives
    /// another response in the place of that one.
    static MessageWriter reply(const Message& request, int status, std::string_view reason = {},
                               std::string_view to_tag = {});

    MessageWriter& header(Header id, std::string_view value);
    MessageWriter& header(Header id, std::uint64_t value);
    MessageWriter& header(std::string_view name, std::string_view value);
    /// A value of several parts, put together where it is written.
    MessageWriter& header(Header id, std::initializer_list<std::string_view> parts);
    /// Copies every such header of another message, octet for octet.
    MessageWriter& copy(const Message& from, Header id);
    /// Copies one header field of another message, its name included.
    MessageWriter& copy(const Message& from, const Message::Field& field);

    /// Ends the headers with Content-Length and the body.
    Message finish(std::string_view content_type = {}, std::string_view body = {});

private:
    explicit MessageWriter(std::size_t room = usual_room);
    Message::Span append(std::string_view text);
    Message::Span append_value(std::string_view value);
    MessageWriter& field(Header id, std::string_view name, std::string_view value, bool parsed);

    Message message_; ///< Its index is made along with its octets.
};

} // namespace lyceum::sip
