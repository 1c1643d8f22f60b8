// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/descriptions.hpp"

#include "base/text.hpp"
#include "sip/sdp/connection.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace lyceum::b2bua {
namespace {

/// What is left of a medium with the formats that the other one has too; none: no codec is.
std::optional<sdp::Media> only_common(sdp::Media mine, const sdp::Media& other) {
    const auto theirs = other.rtp_formats();
    std::set<unsigned> kept;
    bool sounds = false;
    for (const auto& format : mine.rtp_formats()) {
        const bool common = std::any_of(theirs.begin(), theirs.end(), [&](const auto& each) {
            return iequals(each.name, format.name) && each.clock_rate == format.clock_rate;
        });
        if (!common) continue;
        kept.insert(format.payload_type);
        sounds |= !iequals(format.name, "telephone-event") && !iequals(format.name, "CN");
    }
    if (!sounds) return std::nullopt;
    const auto is_kept = [&](std::string_view written) {
        const auto number = parse_number<unsigned>(written);
        return number && kept.contains(*number);
    };
    std::erase_if(mine.formats, [&](const auto& each) { return !is_kept(each); });
    std::erase_if(mine.lines, [&](const sdp::Line& line) {
        std::string_view rest = line.value;
        const auto name = cut(rest, ':');
        const bool of_format = name == "rtpmap" || name == "fmtp" || name == "rtcp-fb";
        return line.type == 'a' && of_format && !is_kept(cut(rest, ' '));
    });
    return mine;
}

} // namespace

/// o=<username> <sess-id> <sess-version> <nettype> <addrtype> <address>
std::optional<Origin> Origin::in(std::string_view description) {
    while (!description.empty()) {
        const auto line = cut_line(description);
        if (!line.starts_with("o=")) continue;
        const auto first = line.find(' ');
        const auto second = line.find(' ', first == line.npos ? first : first + 1);
        const auto third = line.find(' ', second == line.npos ? second : second + 1);
        if (third == std::string_view::npos) return std::nullopt;
        const auto version =
            parse_number<std::uint64_t>(line.substr(second + 1, third - second - 1));
        return Origin{std::string(line.substr(0, second + 1)), std::string(line.substr(third)),
                      version.value_or(0)};
    }
    return std::nullopt;
}

std::string described_by(Origin& origin, std::string_view description) {
    std::string out;
    while (!description.empty()) {
        const auto line = cut_line(description);
        if (line.starts_with("o="))
            out.append(origin.head).append(std::to_string(++origin.version)).append(origin.tail);
        else out.append(line);
        out.append("\r\n");
    }
    return out;
}

std::string with_description(std::string body, std::string_view own, std::string_view other) {
    const auto at = body.find(own);
    if (at == std::string::npos) return std::string(other);
    return body.replace(at, own.size(), other);
}

std::optional<sdp::Description> crossed(const sdp::Description& own, const sdp::Description& offer,
                                        bool by_us) {
    auto out = own;
    out.media.clear();
    std::vector<bool> used(own.media.size());
    bool any = false;
    for (const auto& offered : offer.media) {
        std::optional<sdp::Media> fits;
        for (std::size_t i = 0; i < own.media.size() && !fits; ++i) {
            const auto& mine = own.media[i];
            if (used[i] || mine.type != offered.type || mine.port == 0 || offered.port == 0)
                continue;
            const bool in_clear = mine.proto == "RTP/AVP" || mine.proto == "RTP/AVPF";
            if (!by_us && (!in_clear || mine.proto != offered.proto)) continue;
            fits = only_common(mine, offered);
            used[i] = fits.has_value();
        }
        any |= fits.has_value();
        out.media.push_back(fits ? std::move(*fits) : sdp::refused(offered));
    }
    if (!any) return std::nullopt;
    return out;
}

std::optional<std::string> crossed(std::string_view own_text, std::string_view offer_text) {
    const auto own = sdp::Description::parse(own_text), offer = sdp::Description::parse(offer_text);
    const auto out = own && offer ? crossed(*own, *offer, false) : std::nullopt;
    return out ? std::optional(out->to_string()) : std::nullopt;
}

bool is_in_clear(std::string_view text) {
    const auto description = sdp::Description::parse(text);
    return description &&
           std::all_of(description->media.begin(), description->media.end(), [&](const auto& each) {
               return each.port == 0 || (!each.is_secure() && !dtls_of(*description, each));
           });
}

std::string off_hold(std::string_view description) {
    std::string out;
    while (!description.empty()) {
        const auto line = cut_line(description);
        if (line == "a=sendonly" || line == "a=recvonly" || line == "a=inactive") continue;
        out.append(line).append("\r\n");
    }
    return out;
}

} // namespace lyceum::b2bua
