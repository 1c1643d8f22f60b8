// SPDX-License-Identifier: Apache-2.0
#include "sip/message/writer.hpp"

#include "base/assert.hpp"
#include "sip/message/parser.hpp"
#include "sip/message/values.hpp"

namespace lyceum::sip {

MessageWriter MessageWriter::request(Method method, std::string_view uri) {
    return request(name_of(method), uri);
}

MessageWriter MessageWriter::request(std::string_view method, std::string_view uri) {
    std::string line;
    line.reserve(1024);
    line.append(method).append(" ").append(uri).append(" SIP/2.0\r\n");
    return MessageWriter(std::move(line));
}

MessageWriter MessageWriter::response(int status, std::string_view reason) {
    LYCEUM_ASSERT(status >= 100 && status <= 699);
    MessageWriter writer({});
    writer.text_.reserve(1024);
    writer.text_.append("SIP/2.0 ").append(std::to_string(status)).append(" ");
    writer.append_value(reason.empty() ? reason_phrase(status) : reason);
    writer.text_.append("\r\n");
    return writer;
}

MessageWriter MessageWriter::reply(const Message& request, int status, std::string_view reason,
                                   std::string_view to_tag) {
    auto writer = response(status, reason);
    writer.copy(request, Header::via).copy(request, Header::from);
    const auto to = request.header(Header::to).value_or("");
    writer.text_.append("To: ").append(to);
    const auto parsed = NameAddr::parse(to);
    if (!to_tag.empty() && (!parsed || !parsed->tag())) writer.text_.append(";tag=").append(to_tag);
    writer.text_.append("\r\n");
    writer.copy(request, Header::call_id).copy(request, Header::cseq);
    // The Timestamp of the request comes back in a 100 (§8.2.6.1).
    if (status == 100) writer.copy(request, Header::timestamp);
    return writer;
}

MessageWriter& MessageWriter::header(Header id, std::string_view value) {
    return header(name_of(id), value);
}

MessageWriter& MessageWriter::header(Header id, std::uint64_t value) {
    return header(id, std::to_string(value));
}

MessageWriter& MessageWriter::header(std::string_view name, std::string_view value) {
    text_.append(name).append(": ");
    append_value(value);
    text_.append("\r\n");
    return *this;
}

MessageWriter& MessageWriter::copy(const Message& from, Header id) {
    for (const auto& field : from.fields())
        if (field.id == id)
            text_.append(name_of(id)).append(": ").append(from.value(field)).append("\r\n");
    return *this;
}

MessageWriter& MessageWriter::copy(const Message& from, const Message::Field& field) {
    text_.append(from.name(field)).append(": ").append(from.value(field)).append("\r\n");
    return *this;
}

Message MessageWriter::finish(std::string_view content_type, std::string_view body) {
    if (!content_type.empty()) header(Header::content_type, content_type);
    header(Header::content_length, body.size());
    text_.append("\r\n").append(body);
    MessageLimits unlimited;
    unlimited.message_bytes_max = unlimited.header_bytes_max = text_.size();
    unlimited.start_line_bytes_max = unlimited.header_count_max = text_.size();
    auto message = parse_message(std::move(text_), Framing::stream, unlimited);
    LYCEUM_ASSERT(message);
    return std::move(*message);
}

void MessageWriter::append_value(std::string_view value) {
    for (const char c : value) text_ += c == '\r' || c == '\n' ? ' ' : c;
}

} // namespace lyceum::sip
