// SPDX-License-Identifier: Apache-2.0
#include "sip/message/parser.hpp"

#include "base/char_set.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace lyceum::sip {

class Parser {
public:
    Parser(std::string bytes, Framing framing, const MessageLimits& limits)
        : framing_(framing), limits_(limits) {
        message_.bytes_ = std::move(bytes);
    }

    Result<Message, Fault> run() {
        if (text().size() > limits_.message_bytes_max) return Fault{"message too large", 0};
        // Empty lines before the start line are ignored (§7.5).
        while (text().substr(at_).starts_with("\r\n")) at_ += 2;
        if (const auto fault = start_line()) return *fault;
        message_.fields_.reserve(24);
        while (true) {
            if (text().substr(at_).starts_with("\r\n")) break;
            if (const auto fault = field()) return *fault;
        }
        body(at_ + 2);
        return std::move(message_);
    }

private:
    using MaybeFault = std::optional<Fault>;

    std::string_view text() const { return message_.bytes_; }
    static std::uint32_t u32(std::size_t value) { return static_cast<std::uint32_t>(value); }
    Message::Span span_of(std::string_view part) const {
        return {u32(static_cast<std::size_t>(part.data() - text().data())), u32(part.size())};
    }

    MaybeFault start_line() {
        const auto end = text().find("\r\n", at_);
        if (end == std::string_view::npos) return Fault{"no start line", at_};
        if (end - at_ > limits_.start_line_bytes_max) return Fault{"start line too long", at_};
        const auto line = text().substr(at_, end - at_);
        const auto start = at_;
        at_ = end + 2;
        return istarts_with(line, "SIP/") ? status_line(line, start) : request_line(line, start);
    }

    MaybeFault status_line(std::string_view line, std::size_t start) {
        const auto first = line.find(' ');
        if (first == std::string_view::npos) return Fault{"malformed status line", start};
        const auto rest = line.substr(first + 1);
        const auto second = rest.find(' ');
        const auto code = parse_number<unsigned>(rest.substr(0, second));
        if (!code || *code < 100 || *code > 699) return Fault{"malformed status code", start};
        message_.status_ = static_cast<int>(*code);
        message_.version_ = span_of(line.substr(0, first));
        if (second != std::string_view::npos) message_.second_ = span_of(rest.substr(second + 1));
        return std::nullopt;
    }

    /// Method SP Request-URI SP SIP-Version. Spaces in excess become part of the URI or the
    /// version, where `validate` finds them.
    MaybeFault request_line(std::string_view line, std::size_t start) {
        const auto first = line.find(' ');
        const auto version = line.rfind("SIP/");
        if (first == std::string_view::npos || first == 0 || version == std::string_view::npos ||
            version <= first + 1 || line[version - 1] != ' ')
            return Fault{"malformed request line", start};
        message_.first_ = span_of(line.substr(0, first));
        message_.second_ = span_of(line.substr(first + 1, version - first - 2));
        message_.version_ = span_of(line.substr(version));
        message_.method_ = method_of(message_.method_name());
        return std::nullopt;
    }

    MaybeFault field() {
        const auto start = at_;
        auto end = text().find("\r\n", at_);
        // A line that begins with white space goes on with the one before it (§7.3.1).
        while (end != std::string_view::npos && end + 2 < text().size() &&
               (text()[end + 2] == ' ' || text()[end + 2] == '\t'))
            end = text().find("\r\n", end + 2);
        if (end == std::string_view::npos) return Fault{"headers do not end", start};
        if (end - start > limits_.header_bytes_max) return Fault{"header too long", start};
        if (message_.fields_.size() == limits_.header_count_max)
            return Fault{"too many headers", start};
        const auto line = text().substr(start, end - start);
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) return Fault{"header without a colon", start};
        const auto name = trim(line.substr(0, colon));
        const auto value = trim(line.substr(colon + 1));
        if (name.empty() || blanks.any_in(name)) return Fault{"malformed header name", start};
        const auto name_span = span_of(name);
        const auto value_span = value.empty() ? Message::Span{u32(end), 0} : span_of(value);
        message_.fields_.push_back(
            {header_of(name), name_span.at, name_span.size, value_span.at, value_span.size});
        at_ = end + 2;
        return std::nullopt;
    }

    void body(std::size_t start) {
        auto size = text().size() - start;
        if (framing_ == Framing::datagram) {
            const auto length = message_.header(Header::content_length);
            const auto stated = length ? parse_number<std::size_t>(*length) : std::nullopt;
            if (stated) size = std::min(size, *stated);
        }
        message_.body_ = {u32(start), u32(size)};
    }

    Framing framing_;
    const MessageLimits& limits_;
    Message message_;
    std::size_t at_ = 0;
};

Result<Message, Fault> parse_message(std::string bytes, Framing framing,
                                     const MessageLimits& limits) {
    return Parser(std::move(bytes), framing, limits).run();
}

Result<StreamFramer::Found, Fault> StreamFramer::next(std::string& message) {
    if (buffer_.starts_with("\r\n\r\n")) {
        buffer_.erase(0, 4);
        return Found::ping;
    }
    if (buffer_ == "\r\n") {
        // Half a ping or a whole pong: it is a pong unless more comes, and both are harmless.
        buffer_.clear();
        return Found::pong;
    }
    if (buffer_.starts_with("\r\n")) buffer_.erase(0, 2);
    const auto end = buffer_.find("\r\n\r\n", scanned_);
    const auto head_bytes_max = limits_.message_bytes_max;
    if (end == std::string::npos) {
        if (buffer_.size() > head_bytes_max) return Fault{"headers too long", 0};
        scanned_ = buffer_.size() > 3 ? buffer_.size() - 3 : 0;
        return Found::nothing;
    }
    const auto length = body_bytes(std::string_view(buffer_).substr(0, end + 2));
    if (!length) return length.error();
    const auto total = end + 4 + *length;
    if (total > limits_.message_bytes_max) return Fault{"message too large", 0};
    if (buffer_.size() < total) {
        scanned_ = end;
        return Found::nothing;
    }
    message = buffer_.substr(0, total);
    buffer_.erase(0, total);
    scanned_ = 0;
    return Found::message;
}

/// Content-Length is mandatory on a stream (§20.14); without it nobody knows where the next message
/// starts.
Result<std::size_t, Fault> StreamFramer::body_bytes(std::string_view head) const {
    std::optional<std::size_t> length;
    for (std::size_t line = head.find("\r\n"); line + 2 < head.size();) {
        const auto start = line + 2;
        line = head.find("\r\n", start);
        const auto text = head.substr(start, line - start);
        const auto colon = text.find(':');
        if (colon == std::string_view::npos) continue;
        if (header_of(trim(text.substr(0, colon))) != Header::content_length) continue;
        const auto stated = parse_number<std::size_t>(trim(text.substr(colon + 1)));
        if (!stated) return Fault{"malformed Content-Length", start};
        if (length && *length != *stated) return Fault{"contradicting Content-Length", start};
        length = stated;
    }
    if (!length) return Fault{"missing Content-Length", 0};
    if (*length > limits_.message_bytes_max) return Fault{"message too large", 0};
    return *length;
}

} // namespace lyceum::sip
