// SPDX-License-Identifier: Apache-2.0
#include "sip/sdp/description.hpp"

#include "base/text.hpp"

#include <array>

namespace lyceum::sdp {
namespace {

std::optional<std::string_view> find_attribute(const std::vector<Line>& lines,
                                               std::string_view name) {
    for (const auto& line : lines) {
        if (line.type != 'a') continue;
        const std::string_view text = line.value;
        const auto colon = text.find(':');
        if (!iequals(text.substr(0, colon), name)) continue;
        return colon == std::string_view::npos ? std::string_view{} : trim(text.substr(colon + 1));
    }
    return std::nullopt;
}

std::optional<Direction> find_direction(const std::vector<Line>& lines) {
    for (const auto direction :
         {Direction::sendrecv, Direction::sendonly, Direction::recvonly, Direction::inactive})
        if (find_attribute(lines, name_of(direction))) return direction;
    return std::nullopt;
}

std::optional<IpAddress> find_connection(const std::vector<Line>& lines, bool& present) {
    for (const auto& line : lines) {
        if (line.type != 'c') continue;
        present = true;
        std::string_view rest = line.value;
        cut(rest, ' ');
        cut(rest, ' ');
        return IpAddress::parse(trim(cut(rest, '/')));
    }
    present = false;
    return std::nullopt;
}

/// The static payload types of RFC 3551 §6 that a telephone may still use without an rtpmap.
std::optional<Format> static_format(unsigned payload_type) {
    struct Row {
        unsigned type;
        const char* name;
        std::uint32_t clock;
    };
    // G.722 says 8000 by an old mistake that has to stay (§4.5.2).
    static constexpr std::array<Row, 8> rows{{{0, "PCMU", 8000},
                                              {3, "GSM", 8000},
                                              {4, "G723", 8000},
                                              {8, "PCMA", 8000},
                                              {9, "G722", 8000},
                                              {13, "CN", 8000},
                                              {15, "G728", 8000},
                                              {18, "G729", 8000}}};
    for (const auto& row : rows)
        if (row.type == payload_type)
            return Format{static_cast<std::uint8_t>(payload_type), row.name, row.clock, 1, {}};
    return std::nullopt;
}

/// `name/clock[/channels]`.
bool read_rtpmap(std::string_view text, Format& format) {
    format.name = trim(cut(text, '/'));
    const auto clock = parse_number<std::uint32_t>(trim(cut(text, '/')));
    if (format.name.empty() || !clock || *clock < 1000 || *clock > 192000) return false;
    format.clock_rate = *clock;
    const auto channels = parse_number<unsigned>(trim(text));
    format.channels = channels.value_or(1);
    return format.channels >= 1 && format.channels <= 8;
}

Result<Media, Fault> parse_media(std::string_view value, std::size_t offset) {
    Media media;
    media.type = cut(value, ' ');
    auto ports = cut(value, ' ');
    const auto port = parse_number<std::uint16_t>(cut(ports, '/'));
    if (!port) return Fault{"malformed port in m=", offset};
    media.port = *port;
    if (!ports.empty()) {
        const auto count = parse_number<std::uint16_t>(ports);
        if (!count || *count == 0) return Fault{"malformed port count in m=", offset};
        media.port_count = *count;
    }
    media.proto = cut(value, ' ');
    while (!value.empty())
        if (const auto format = cut(value, ' '); !format.empty())
            media.formats.emplace_back(format);
    if (media.type.empty() || media.proto.empty() || media.formats.empty())
        return Fault{"malformed m=", offset};
    return media;
}

void append(std::string& out, const std::vector<Line>& lines) {
    for (const auto& line : lines) {
        out += line.type;
        out.append("=").append(line.value).append("\r\n");
    }
}

} // namespace

std::string_view name_of(Direction direction) {
    switch (direction) {
    case Direction::sendrecv: return "sendrecv";
    case Direction::sendonly: return "sendonly";
    case Direction::recvonly: return "recvonly";
    case Direction::inactive: return "inactive";
    }
    return {};
}

Direction reversed(Direction direction) {
    if (direction == Direction::sendonly) return Direction::recvonly;
    if (direction == Direction::recvonly) return Direction::sendonly;
    return direction;
}

std::optional<std::string_view> fmtp_param(std::string_view fmtp, std::string_view name) {
    while (!fmtp.empty()) {
        auto value = cut(fmtp, ';');
        if (iequals(trim(cut(value, '=')), name)) return trim(value);
    }
    return std::nullopt;
}

std::optional<std::string_view> Media::attribute(std::string_view name) const {
    return find_attribute(lines, name);
}

std::vector<std::string_view> Media::attributes(std::string_view name) const {
    std::vector<std::string_view> out;
    for (const auto& line : lines) {
        std::string_view rest = line.value;
        if (line.type == 'a' && cut(rest, ':') == name) out.push_back(rest);
    }
    return out;
}

bool Media::is_rtp_audio() const {
    const bool plain = iequals(proto, "RTP/AVP") || iequals(proto, "RTP/AVPF");
    return type == "audio" && (plain || is_secure());
}

bool Media::is_secure() const {
    return iequals(proto, "RTP/SAVP") || iequals(proto, "RTP/SAVPF") || is_dtls();
}

bool Media::is_dtls() const {
    return iequals(proto, "UDP/TLS/RTP/SAVP") || iequals(proto, "UDP/TLS/RTP/SAVPF");
}

std::vector<Format> Media::rtp_formats() const {
    std::vector<Format> out;
    for (const auto& text : formats) {
        const auto number = parse_number<std::uint8_t>(text);
        if (!number || *number > 127) continue;
        auto format = static_format(*number);
        const auto value_for = [&](std::string_view name) -> std::optional<std::string_view> {
            for (const auto& line : lines) {
                if (line.type != 'a') continue;
                std::string_view rest = line.value;
                if (cut(rest, ':') != name) continue;
                rest = trim(rest);
                if (cut(rest, ' ') == text) return trim(rest);
            }
            return std::nullopt;
        };
        if (const auto map = value_for("rtpmap")) {
            Format named{*number, {}, 8000, 1, {}};
            if (!read_rtpmap(*map, named)) continue;
            format = std::move(named);
        }
        if (!format) continue;
        if (const auto fmtp = value_for("fmtp")) format->fmtp = *fmtp;
        out.push_back(std::move(*format));
    }
    return out;
}

Result<Description, Fault> Description::parse(std::string_view text) {
    if (text.size() > bytes_max) return Fault{"description too large", 0};
    Description out;
    std::size_t offset = 0, count = 0;
    while (offset < text.size()) {
        auto end = text.find('\n', offset);
        if (end == std::string_view::npos) end = text.size();
        auto line = text.substr(offset, end - offset);
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto start = offset;
        offset = end + 1;
        if (line.empty()) continue;
        if (line.size() < 2 || line[1] != '=' || !is_alpha(line[0]))
            return Fault{"malformed line", start};
        if (++count > lines_max) return Fault{"too many lines", start};
        const auto value = line.substr(2);
        if (line[0] == 'm') {
            if (out.media.size() == media_max) return Fault{"too many media", start};
            auto media = parse_media(value, start);
            if (!media) return media.error();
            out.media.push_back(std::move(*media));
        } else {
            auto& lines = out.media.empty() ? out.lines : out.media.back().lines;
            lines.push_back({line[0], std::string(value)});
        }
    }
    if (out.lines.empty() || out.lines[0] != Line{'v', "0"}) return Fault{"missing v=0", 0};
    if (!out.value('o')) return Fault{"missing o=", 0};
    return out;
}

std::string Description::to_string() const {
    std::string out;
    out.reserve(512);
    append(out, lines);
    for (const auto& medium : media) {
        out.append("m=").append(medium.type).append(" ").append(std::to_string(medium.port));
        if (medium.port_count > 1) out.append("/").append(std::to_string(medium.port_count));
        out.append(" ").append(medium.proto);
        for (const auto& format : medium.formats) out.append(" ").append(format);
        out.append("\r\n");
        append(out, medium.lines);
    }
    return out;
}

std::optional<std::string_view> Description::value(char type) const {
    for (const auto& line : lines)
        if (line.type == type) return line.value;
    return std::nullopt;
}

std::optional<std::string_view> Description::attribute(std::string_view name) const {
    return find_attribute(lines, name);
}

std::optional<IpAddress> Description::address(const Media& medium) const {
    bool present = false;
    const auto own = find_connection(medium.lines, present);
    return present ? own : find_connection(lines, present);
}

Direction Description::direction(const Media& medium) const {
    const auto own = find_direction(medium.lines);
    const auto direction = own ? *own : find_direction(lines).value_or(Direction::sendrecv);
    const auto where = address(medium);
    // With ICE the address says nothing: candidates do (RFC 8840 §4.1.1).
    const bool ice = medium.has_attribute("ice-ufrag") || attribute("ice-ufrag");
    if (ice || !where || !where->is_unspecified()) return direction;
    return sends(direction) ? Direction::sendonly : Direction::inactive;
}

} // namespace lyceum::sdp
