// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/message/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::sip {

/// One SIP message, RFC 3261 §7: the octets as they came or will go, and an index of where its
/// header fields lie. A value that owns its octets. Nothing is interpreted before somebody asks,
/// and nothing is lost: `bytes()` is the message as received, unknown headers and folding included.
///
/// It does not check what it holds; `validate` (sip/message/validate.hpp) does. Views that it hands
/// out live as long as the message and are not moved along with it.
class Message {
public:
    struct Field {
        Header id;
        std::uint32_t name_at, name_size;
        std::uint32_t value_at, value_size;
    };

    [[nodiscard]] bool is_request() const { return status_ == 0; }
    [[nodiscard]] bool is_response() const { return status_ != 0; }

    [[nodiscard]] Method method() const { return method_; }
    [[nodiscard]] std::string_view method_name() const { return view(first_); }
    [[nodiscard]] std::string_view request_uri() const { return view(second_); }
    [[nodiscard]] std::string_view version() const { return view(version_); }
    /// 100…699, or 0 for a request.
    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] std::string_view reason() const { return view(second_); }

    /// The value of the first such header, without the white space around it. It may hold folded
    /// lines.
    [[nodiscard]] std::optional<std::string_view> header(Header id) const;
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
    [[nodiscard]] bool has(Header id) const { return header(id).has_value(); }
    [[nodiscard]] std::size_t count(Header id) const;

    [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }
    [[nodiscard]] std::string_view name(const Field& field) const {
        return std::string_view(bytes_).substr(field.name_at, field.name_size);
    }
    [[nodiscard]] std::string_view value(const Field& field) const {
        return std::string_view(bytes_).substr(field.value_at, field.value_size);
    }

    /// All values of a header that may hold a comma list, in order, over all its lines.
    [[nodiscard]] std::vector<std::string_view> values(Header id) const;
    /// Whether a list header (Require, Supported, Allow …) names this token. Case-insensitive.
    [[nodiscard]] bool lists(Header id, std::string_view token) const;

    [[nodiscard]] std::string_view body() const { return view(body_); }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }

    /// The two edits that a transport makes on the way (§18.1.1, §18.2.1): a header field put
    /// before all others, and text put right behind some part of a header value. `part` is a view
    /// into this message.
    void prepend(Header id, std::string_view value);
    void insert_after(std::string_view part, std::string_view text);

private:
    friend class Parser;
    friend class MessageWriter;

    struct Span {
        std::uint32_t at = 0, size = 0;
    };
    [[nodiscard]] std::string_view view(Span span) const {
        return std::string_view(bytes_).substr(span.at, span.size);
    }
    void insert(std::size_t at, std::string_view text);

    std::string bytes_;
    Span first_, second_, version_, body_;
    Method method_ = Method::other;
    int status_ = 0;
    std::vector<Field> fields_;
};

/// The first element of a comma list.
std::string_view first_element(std::string_view text);

/// Takes the next element off a comma list, up to a comma outside of quoted strings and angle
/// brackets; empty elements are left out. None: there is no more.
std::optional<std::string_view> next_element(std::string_view& rest);
std::vector<std::string_view> split_list(std::string_view text);

} // namespace lyceum::sip
