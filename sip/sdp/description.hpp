// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::sdp {

/// One `x=value` line.
struct Line {
    char type;
    std::string value;

    bool operator==(const Line&) const = default;
};

/// RFC 8866 §6.7 seen from the sender of the description.
enum class Direction { sendrecv, sendonly, recvonly, inactive };
std::string_view name_of(Direction direction);
/// What the other side's direction is, when this is ours: sendonly and recvonly change places.
Direction reversed(Direction direction);
constexpr bool sends(Direction d) { return d == Direction::sendrecv || d == Direction::sendonly; }
constexpr bool receives(Direction d) {
    return d == Direction::sendrecv || d == Direction::recvonly;
}

/// A payload format of an RTP media line: `a=rtpmap` or the static table of RFC 3551 §6, with
/// `a=fmtp`.
struct Format {
    std::uint8_t payload_type = 0;
    std::string name;
    std::uint32_t clock_rate = 8000;
    unsigned channels = 1;
    std::string fmtp;

    bool operator==(const Format&) const = default;
};

/// The value of one `name=value` of an fmtp line, separated by semicolons.
std::optional<std::string_view> fmtp_param(std::string_view fmtp, std::string_view name);

/// One media description: the m-line and all lines below it, kept in order.
struct Media {
    std::string type;
    std::uint16_t port = 0;
    unsigned port_count = 1;
    std::string proto;
    std::vector<std::string> formats;
    std::vector<Line> lines;

    [[nodiscard]] std::optional<std::string_view> attribute(std::string_view name) const;
    [[nodiscard]] std::vector<std::string_view> attributes(std::string_view name) const;
    [[nodiscard]] bool has_attribute(std::string_view name) const {
        return attribute(name).has_value();
    }
    void add_attribute(std::string text) { lines.push_back({'a', std::move(text)}); }
    [[nodiscard]] bool is_rtp_audio() const;
    [[nodiscard]] bool is_secure() const; ///< By its profile: one of the SAVP family.
    [[nodiscard]] bool is_dtls() const;   ///< By its profile: UDP/TLS/RTP/…
    /// All RTP formats in the order of the m-line. A dynamic type without an rtpmap is left out.
    [[nodiscard]] std::vector<Format> rtp_formats() const;

    bool operator==(const Media&) const = default;
};

/// A session description, RFC 8866. Lossless: `to_string(parse(x)) == x` for every x with CRLF line
/// ends that is accepted; lines that we do not understand stay where they are.
struct Description {
    std::vector<Line> lines; ///< v= o= s= … up to the first m=.
    std::vector<Media> media;

    static constexpr std::size_t bytes_max = 65536;
    static constexpr std::size_t media_max = 64;
    static constexpr std::size_t lines_max = 2048;

    static Result<Description, Fault> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] std::optional<std::string_view> value(char type) const;
    [[nodiscard]] std::optional<std::string_view> attribute(std::string_view name) const;
    /// The address of the c-line of the medium, or of the session. A name and not an address: none.
    [[nodiscard]] std::optional<IpAddress> address(const Media& medium) const;
    /// The direction of the medium, else of the session, else sendrecv. The old way to hold, an
    /// address of 0.0.0.0, takes away what the sender would receive (RFC 3264 §8.4).
    [[nodiscard]] Direction direction(const Media& medium) const;

    bool operator==(const Description&) const = default;
};

} // namespace lyceum::sdp
