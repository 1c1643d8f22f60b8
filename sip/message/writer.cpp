// SPDX-License-Identifier: Apache-2.0
#include "sip/message/writer.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"
#include "sip/message/values.hpp"

namespace lyceum::sip {

MessageWriter::MessageWriter(std::size_t room) {
    message_.bytes_.reserve(room);
    message_.fields_.reserve(24);
}

MessageWriter MessageWriter::request(Method method, std::string_view uri, std::size_t room) {
    return request(name_of(method), uri, room);
}

MessageWriter MessageWriter::request(std::string_view method, std::string_view uri,
                                     std::size_t room) {
    MessageWriter writer(room);
    auto& message = writer.message_;
    message.method_ = method_of(method);
    message.first_ = writer.append(method);
    writer.append(" ");
    message.second_ = writer.append_value(uri);
    writer.append(" ");
    message.version_ = writer.append("SIP/2.0");
    writer.append("\r\n");
    return writer;
}

MessageWriter MessageWriter::response(int status, std::string_view reason) {
    LYCEUM_ASSERT(status >= 100 && status <= 699);
    MessageWriter writer;
    auto& message = writer.message_;
    message.status_ = status;
    message.version_ = writer.append("SIP/2.0");
    writer.append(" ");
    writer.append(std::to_string(status));
    writer.append(" ");
    message.second_ = writer.append_value(reason.empty() ? reason_phrase(status) : reason);
    writer.append("\r\n");
    return writer;
}

MessageWriter MessageWriter::reply(const Message& request, int status, std::string_view reason,
                                   std::string_view to_tag) {
    auto writer = response(status, reason);
    writer.copy(request, Header::via).copy(request, Header::from);
    const auto to = request.header(Header::to).value_or("");
    const auto parsed = NameAddr::parse(to);
    if (to_tag.empty() || (parsed && parsed->tag())) writer.field(Header::to, "To", to, true);
    else writer.field(Header::to, "To", std::string(to).append(";tag=").append(to_tag), true);
    writer.copy(request, Header::call_id).copy(request, Header::cseq);
    // The Timestamp of the request comes back in a 100 (§8.2.6.1).
    if (status == 100) writer.copy(request, Header::timestamp);
    return writer;
}

MessageWriter& MessageWriter::header(Header id, std::string_view value) {
    return field(id, name_of(id), value, false);
}

MessageWriter& MessageWriter::header(Header id, std::uint64_t value) {
    return header(id, std::to_string(value));
}

MessageWriter& MessageWriter::header(Header id, std::initializer_list<std::string_view> parts) {
    const auto where = append(name_of(id));
    append(": ");
    Message::Span what{static_cast<std::uint32_t>(message_.bytes_.size()), 0};
    for (const auto part : parts) what.size += append_value(part).size;
    append("\r\n");
    message_.fields_.push_back({id, where.at, where.size, what.at, what.size});
    return *this;
}

MessageWriter& MessageWriter::header(std::string_view name, std::string_view value) {
    return field(header_of(name), name, value, false);
}

MessageWriter& MessageWriter::copy(const Message& from, Header id) {
    for (const auto& each : from.fields())
        if (each.id == id) field(id, name_of(id), from.value(each), true);
    return *this;
}

MessageWriter& MessageWriter::copy(const Message& from, const Message::Field& known) {
    return field(known.id, from.name(known), from.value(known), true);
}

Message MessageWriter::finish(std::string_view content_type, std::string_view body) {
    static constexpr std::size_t room = 200; // For these headers, and a Via to come.
    message_.bytes_.reserve(message_.bytes_.size() + body.size() + room);
    if (!content_type.empty()) header(Header::content_type, content_type);
    header(Header::content_length, body.size());
    append("\r\n");
    message_.body_ = append(body);
    return std::move(message_);
}

/// What has been parsed may be folded, and is written as it was.
MessageWriter& MessageWriter::field(Header id, std::string_view name, std::string_view value,
                                    bool parsed) {
    const auto where = append(name);
    append(": ");
    const auto what = parsed ? append(value) : append_value(trim(value));
    append("\r\n");
    message_.fields_.push_back({id, where.at, where.size, what.at, what.size});
    return *this;
}

Message::Span MessageWriter::append(std::string_view text) {
    const auto at = static_cast<std::uint32_t>(message_.bytes_.size());
    message_.bytes_.append(text);
    return {at, static_cast<std::uint32_t>(text.size())};
}

/// Line breaks would begin another header.
Message::Span MessageWriter::append_value(std::string_view value) {
    const auto span = append(value);
    for (std::size_t i = span.at; i < message_.bytes_.size(); ++i) {
        auto& c = message_.bytes_[i];
        if (c == '\r' || c == '\n') c = ' ';
    }
    return span;
}

} // namespace lyceum::sip
