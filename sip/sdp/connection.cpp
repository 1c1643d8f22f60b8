// SPDX-License-Identifier: Apache-2.0
#include "sip/sdp/connection.hpp"

#include "base/text.hpp"

#include <utility>

namespace lyceum::sdp {
namespace {

std::string_view attribute(const Description& description, const Media& media,
                           std::string_view name) {
    if (const auto own = media.attribute(name)) return *own;
    return description.attribute(name).value_or("");
}

/// `sha-256 12:DF:…`: a hash that is good enough, and as many octets as it has.
bool is_fingerprint(std::string_view text) {
    const auto hash = cut(text, ' ');
    const std::size_t octets = iequals(hash, "sha-256")   ? 32
                               : iequals(hash, "sha-384") ? 48
                               : iequals(hash, "sha-512") ? 64
                                                          : 0;
    if (octets == 0 || text.size() != 3 * octets - 1) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (i % 3 == 2 ? text[i] != ':' : !is_hex(text[i])) return false;
    return true;
}

} // namespace

std::optional<Dtls> dtls_of(const Description& description, const Media& media) {
    const auto fingerprint = trim(attribute(description, media, "fingerprint"));
    const auto setup = attribute(description, media, "setup");
    if (!is_fingerprint(fingerprint) || iequals(setup, "holdconn")) return std::nullopt;
    return Dtls{iequals(setup, "passive"), std::string(fingerprint)};
}

std::optional<Ice> ice_of(const Description& description, const Media& media) {
    static constexpr std::size_t ufrag_min = 4, password_min = 22, max = 256; // RFC 8839 §5.4.
    const auto ufrag = attribute(description, media, "ice-ufrag");
    const auto password = attribute(description, media, "ice-pwd");
    if (ufrag.size() < ufrag_min || ufrag.size() > max || password.size() < password_min ||
        password.size() > max)
        return std::nullopt;
    return Ice{std::string(ufrag), std::string(password)};
}

void add_ice(Media& media, const Ice& ice, const SocketAddress& rtp, bool rtcp_mux) {
    media.add_attribute("ice-ufrag:" + ice.ufrag);
    media.add_attribute("ice-pwd:" + ice.password);
    const auto candidate = [&](unsigned component, std::uint16_t port) {
        // RFC 8445 §5.1.2.1.
        const auto priority = (126u << 24) + (65535u << 8) + (256 - component);
        media.add_attribute("candidate:1 " + std::to_string(component) + " UDP " +
                            std::to_string(priority) + " " + rtp.ip.to_string() + " " +
                            std::to_string(port) + " typ host");
    };
    candidate(1, rtp.port);
    if (!rtcp_mux) candidate(2, static_cast<std::uint16_t>(rtp.port + 1));
    media.add_attribute("end-of-candidates");
}

std::optional<std::uint8_t> extension_of(const Media& media, std::string_view uri) {
    for (auto line : media.attributes("extmap")) {
        auto number = cut(line, ' ');
        if (cut(line, ' ') != uri) continue;
        const auto id = parse_number<std::uint8_t>(cut(number, '/'));
        if (id && *id >= 1 && *id <= 14) return id;
    }
    return std::nullopt;
}

std::optional<CryptoPair> common_crypto(const Media& media, const std::vector<Crypto>& ours) {
    for (const auto line : media.attributes("crypto")) {
        auto theirs = Crypto::parse(line);
        if (!theirs) continue;
        for (const auto& mine : ours)
            if (mine.suite == theirs->suite && mine.key.size() == theirs->key.size())
                return CryptoPair{{theirs->tag, mine.suite, mine.key}, std::move(*theirs)};
    }
    return std::nullopt;
}

Media refused(const Media& offered) {
    Media out;
    out.type = offered.type;
    out.proto = offered.proto;
    out.formats = {offered.formats.front()};
    return out;
}

SocketAddress rtcp_address(const Media& media, const SocketAddress& rtp) {
    auto rest = media.attribute("rtcp").value_or("");
    const auto port = parse_number<std::uint16_t>(cut(rest, ' '));
    auto out = rtp;
    out.port = port.value_or(static_cast<std::uint16_t>(rtp.port + 1));
    cut(rest, ' ');
    cut(rest, ' ');
    if (const auto ip = IpAddress::parse(trim(rest)); port && ip) out.ip = *ip;
    return out;
}

bool is_bundled(const Description& description, const Media& media) {
    const auto mid = media.attribute("mid");
    auto group = description.attribute("group").value_or("");
    if (!mid || cut(group, ' ') != "BUNDLE") return false;
    while (!group.empty())
        if (cut(group, ' ') == *mid) return true;
    return false;
}

} // namespace lyceum::sdp
