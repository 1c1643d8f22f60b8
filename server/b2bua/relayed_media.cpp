// SPDX-License-Identifier: Apache-2.0
#include "server/b2bua/relayed_media.hpp"

#include "base/text.hpp"
#include "server/media/keys.hpp"

#include <algorithm>
#include <utility>

namespace lyceum::b2bua {
namespace {

/// Of attributes, what is about the way to one side alone: how it is found and what it encrypts
/// with, which of its media share a way, and what its packets are marked with there.
constexpr std::array<std::string_view, 25> one_sided{
    "bundle-only",
    "candidate",
    "connection",
    "crypto",
    "end-of-candidates",
    "extmap",
    "fingerprint",
    "group",
    "extmap-allow-mixed",
    "ice-lite",
    "ice-mismatch",
    "ice-options",
    "ice-pacing",
    "ice-pwd",
    "ice-ufrag",
    "mid",
    "msid",
    "msid-semantic",
    "remote-candidates",
    "rtcp",
    "rtcp-mux",
    "rtcp-mux-only",
    "rtcp-rsize",
    "setup",
    "tls-id",
};

std::string_view name_of_attribute(const sdp::Line& line) {
    return std::string_view(line.value).substr(0, line.value.find(':'));
}

bool is_about_one_side(const sdp::Line& line) {
    if (line.type == 'c') return true;
    if (line.type != 'a') return false;
    const auto name = name_of_attribute(line);
    return name.starts_with("ssrc") ||
           std::find(one_sided.begin(), one_sided.end(), name) != one_sided.end();
}

/// The same where keys and all else pass: only where it is.
bool is_about_the_place(const sdp::Line& line) {
    return line.type == 'c' || (line.type == 'a' && name_of_attribute(line) == "rtcp");
}

bool is_direction(const sdp::Line& line) {
    using sdp::Direction;
    for (const auto each :
         {Direction::sendrecv, Direction::sendonly, Direction::recvonly, Direction::inactive})
        if (line.type == 'a' && line.value == name_of(each)) return true;
    return false;
}

bool is_rtp(const sdp::Media& media) { return media.proto.find("RTP/") != std::string::npos; }

sdp::Line connection_at(const IpAddress& ip) {
    return {'c', (ip.is_v6() ? "IN IP6 " : "IN IP4 ") + ip.to_string()};
}

} // namespace

RelayedMedia::RelayedMedia(MediaRelays& relays, Entropy& entropy, std::array<Party, 2> parties)
    : relays_(relays), entropy_(entropy), ends_{fresh(parties[0]), fresh(parties[1])} {}

RelayedMedia::~RelayedMedia() {
    for (const auto& medium : media_)
        if (medium) relays_.close(medium->id);
}

RelayedMedia::End RelayedMedia::fresh(Party party) {
    End out{party, {}, {}, media::fresh_ice(entropy_), media::fresh_keys(entropy_)};
    out.session = entropy_.u64() >> 1; // As a signed number (RFC 8829 §5.2.1).
    return out;
}

bool RelayedMedia::passes_keys() const {
    return std::any_of(ends_.begin(), ends_.end(),
                       [](const End& end) { return end.party.form == Form::as_offered; });
}

bool RelayedMedia::has(RelayId relay) const {
    return std::any_of(media_.begin(), media_.end(),
                       [&](const Medium& each) { return each && each->id == relay; });
}

std::optional<std::string> RelayedMedia::pass(Side from, std::string_view text, Turn turn) {
    auto description = sdp::Description::parse(text);
    if (!description || description->media.empty()) return std::nullopt;
    auto& end = ends_[from];
    const auto& offered = ends_[other(from)].said;
    if (turn == Turn::answer && (!offered || offered->media.size() != description->media.size()))
        return std::nullopt;
    if (turn == Turn::offer) {
        end.said_before = std::exchange(end.said, {});
        const auto ice_in = [](const sdp::Description& of) { return ice_of(of, of.media.front()); };
        // Other credentials are an ICE restart, which both sides make (RFC 8445 §9).
        if (end.said_before && ice_in(*end.said_before) != ice_in(*description))
            end.ice = media::fresh_ice(entropy_);
    }
    end.said = std::move(*description);
    offer_by_ = turn == Turn::offer ? std::optional(from) : std::nullopt;
    auto told = tell(other(from), *end.said, turn);
    if (!told || turn == Turn::offer) return told;
    for (std::size_t i = 0; i < media_.size(); ++i)
        if (media_[i] && i < end.said->media.size() && end.said->media[i].port == 0)
            relays_.close(std::exchange(media_[i], {})->id);
    configure(from);
    configure(other(from));
    return told;
}

std::optional<std::array<std::string, 2>>
RelayedMedia::cross(const std::array<std::string, 2>& offers) {
    std::array<std::optional<sdp::Description>, 2> answers;
    for (std::size_t side = 0; side < 2; ++side) {
        auto offer = sdp::Description::parse(offers[side]);
        if (!offer) return std::nullopt;
        ends_[side].said = std::move(*offer);
    }
    const auto &one = *ends_[0].said, &two = *ends_[1].said;
    answers[0] = crossed(two, one, true);
    answers[1] = crossed(one, two, true);
    const auto in_order = [](const sdp::Media& left, const sdp::Media& right) {
        return left.type == right.type && (left.port == 0) == (right.port == 0);
    };
    if (!answers[0] || !answers[1] ||
        !std::equal(answers[0]->media.begin(), answers[0]->media.end(), answers[1]->media.begin(),
                    answers[1]->media.end(), in_order))
        return std::nullopt;
    std::array<std::string, 2> out;
    for (const auto side : {Side::first, Side::second}) {
        const auto& answer = *answers[side];
        for (std::size_t i = 0; i < answer.media.size(); ++i)
            if (answer.media[i].port != 0 &&
                transport(side, i, answer.media[i], Turn::answer).proto.empty())
                return std::nullopt;
        const auto told = tell(side, answer, Turn::answer);
        if (!told) return std::nullopt;
        out[side] = *told;
    }
    configure(Side::first);
    configure(Side::second);
    return out;
}

void RelayedMedia::withdraw(Side by) {
    auto& end = ends_[by];
    offer_by_.reset();
    if (end.said_before) end.said = std::exchange(end.said_before, {});
}

void RelayedMedia::replace(Side side, Party party) {
    spare_ = std::exchange(ends_[side], fresh(party));
}

std::optional<std::string> RelayedMedia::introduce(Side to) {
    const auto& said = ends_[other(to)].said;
    auto told = said ? tell(to, *said, Turn::offer) : std::nullopt;
    if (told) *told = off_hold(*told);
    return told;
}

std::optional<Origin> RelayedMedia::origin_for_replaced() const {
    if (!spare_) return std::nullopt;
    return Origin{"o=- " + std::to_string(spare_->session) + " ", " " + spare_->where,
                  spare_->version};
}

void RelayedMedia::restore(Side side) {
    if (spare_) ends_[side] = *std::exchange(spare_, {});
}

// ── What a side is told ──────────────────────────────────────────────────────────────────────────

bool RelayedMedia::can_relay(const sdp::Media& media) const {
    return media.port != 0 && is_rtp(media);
}

/// Where a side is, as far as it is known: for who calls from inside, as a gateway's call does to a
/// device, its description has to say it.
IpAddress RelayedMedia::address_of(const End& end, std::size_t medium) {
    const bool known = !end.party.signalling.is_unspecified();
    if (known || !end.said || medium >= end.said->media.size()) return end.party.signalling;
    return end.said->address(end.said->media[medium]).value_or(IpAddress{});
}

bool RelayedMedia::open_all(const sdp::Description& description) {
    media_.resize(std::max(media_.size(), description.media.size()));
    for (std::size_t i = 0; i < description.media.size(); ++i) {
        if (media_[i] || !can_relay(description.media[i])) continue;
        const auto open = std::count_if(media_.begin(), media_.end(),
                                        [](const Medium& each) { return each.has_value(); });
        if (static_cast<std::size_t>(open) >= relays_max) break;
        media_[i] = relays_.open({address_of(ends_[0], i), address_of(ends_[1], i)});
        lacks_port_ = !media_[i];
        if (lacks_port_) return false;
    }
    return true;
}

std::optional<std::string> RelayedMedia::tell(Side to, const sdp::Description& description,
                                              Turn turn) {
    if (!open_all(description)) return std::nullopt;
    sdp::Description out;
    for (std::size_t i = 0; i < description.media.size(); ++i)
        out.media.push_back(translated(to, i, description.media[i], description, turn));
    const bool raw = passes_keys();
    for (const auto& line : description.lines)
        if (!(raw ? is_about_the_place(line) : is_about_one_side(line))) out.lines.push_back(line);
    const auto ours = std::find_if(media_.begin(), media_.end(),
                                   [](const Medium& each) { return each.has_value(); });
    const auto ip = ours == media_.end() ? IpAddress::v4(0) : (*ours)->local[to].ip;
    const auto behind = std::find_if(out.lines.begin(), out.lines.end(), [](const auto& line) {
        return std::string_view("vosiuep").find(line.type) == std::string_view::npos;
    });
    out.lines.insert(behind, connection_at(ip));
    if (raw) return with_origin(to, std::move(out));

    const auto has = [](std::string_view name) {
        return [name](const sdp::Media& media) { return media.has_attribute(name); };
    };
    if (std::any_of(out.media.begin(), out.media.end(), has("ice-ufrag")))
        out.lines.push_back({'a', "ice-lite"});
    // Each medium has a way of its own; who insists on one way for all gets it for the first.
    const auto first = std::find_if(out.media.begin(), out.media.end(), has("mid"));
    const auto& said = ends_[to].said;
    const auto at = static_cast<std::size_t>(first - out.media.begin());
    const bool wanted = !said || (at < said->media.size() && is_bundled(*said, said->media[at]));
    if (first != out.media.end() && wanted)
        out.lines.push_back({'a', "group:BUNDLE " + std::string(*first->attribute("mid"))});
    return with_origin(to, std::move(out));
}

sdp::Media RelayedMedia::translated(Side to, std::size_t index, const sdp::Media& media,
                                    const sdp::Description& all, Turn turn) const {
    const bool raw = passes_keys();
    const auto& relay = media_[index];
    if (raw && media.port != 0 && !relay) { // Not ours: it goes where it would without us.
        auto out = media;
        if (const auto ip = all.address(media)) {
            std::erase_if(out.lines, [](const auto& line) { return line.type == 'c'; });
            out.lines.insert(out.lines.begin(), connection_at(*ip));
        }
        return out;
    }
    const auto way = transport(to, index, media, turn);
    if (media.port == 0 || !relay || way.proto.empty()) {
        auto out = sdp::refused(media);
        if (!way.proto.empty()) out.proto = way.proto;
        return out;
    }
    auto out = media;
    out.port = relay->local[to].port;
    out.port_count = 1;
    std::erase_if(out.lines, raw ? is_about_the_place : is_about_one_side);
    if (const auto said = all.address(media); said && said->is_unspecified()) {
        // Held the old way, which would say nothing any more with an address of ours.
        std::erase_if(out.lines, is_direction);
        out.add_attribute(std::string(name_of(all.direction(media))));
    }
    if (raw) return out;
    out.proto = way.proto;
    if (media.type == "audio") // Feedback is for pictures; it would only be long.
        std::erase_if(out.lines, [](const auto& line) {
            return line.type == 'a' && name_of_attribute(line) == "rtcp-fb";
        });
    if (!way.mid.empty()) out.add_attribute("mid:" + way.mid);
    if (way.mux) out.add_attribute("rtcp-mux");
    if (!way.setup.empty()) {
        out.add_attribute("fingerprint:" + relays_.dtls_fingerprint());
        out.add_attribute("setup:" + way.setup);
    }
    for (const auto& key : way.keys) out.add_attribute("crypto:" + key.to_string());
    if (way.ice) sdp::add_ice(out, ends_[to].ice, relay->local[to], way.mux);
    return out;
}

/// An answer is in the words of the offer, a further offer in those of what was agreed on.
RelayedMedia::Transport RelayedMedia::transport(Side to, std::size_t index, const sdp::Media& media,
                                                Turn turn) const {
    const auto& end = ends_[to];
    if (passes_keys()) return {media.proto, {}};
    const bool known = end.said && index < end.said->media.size() &&
                       (turn == Turn::answer || end.said->media[index].port != 0);
    if (!known && !is_rtp(media)) return {media.proto, {}}; // Refused as it is.
    if (!known) {
        switch (end.party.form) {
        case Form::secure: return {"RTP/SAVP", {}, false, false, {}, end.keys};
        case Form::open: return {"RTP/AVP", {}, true, true, "actpass", {}};
        case Form::web:
            return {"UDP/TLS/RTP/SAVPF", std::to_string(index), true, true, "actpass", {}};
        default: return {"RTP/AVP", {}};
        }
    }
    const auto& theirs = end.said->media[index];
    Transport out{theirs.proto, std::string(theirs.attribute("mid").value_or(""))};
    out.mux = theirs.has_attribute("rtcp-mux");
    out.ice = ice_of(*end.said, theirs).has_value();
    if (const auto dtls = dtls_of(*end.said, theirs))
        out.setup = turn == Turn::offer ? "actpass" : dtls->we_begin ? "active" : "passive";
    else if (const auto keys = sdp::common_crypto(theirs, end.keys))
        out.keys = turn == Turn::offer ? end.keys : std::vector{keys->local};
    else if (theirs.is_secure()) out.proto.clear(); // What it insists on, we cannot.
    return out;
}

/// Whoever describes himself is always the same, and counts up for each description that differs
/// (RFC 3264 §8), also when somebody else has come in his place.
std::string RelayedMedia::with_origin(Side to, sdp::Description description) {
    auto& end = ends_[to];
    end.where = *description.value('c');
    std::erase_if(description.lines, [](const auto& line) { return line.type == 'o'; });
    const auto text = description.to_string();
    if (std::exchange(end.told, text) != text) ++end.version;
    const auto at = std::min<std::size_t>(1, description.lines.size());
    description.lines.insert(description.lines.begin() + static_cast<std::ptrdiff_t>(at),
                             {'o', "- " + std::to_string(end.session) + " " +
                                       std::to_string(end.version) + " " + end.where});
    return description.to_string();
}

// ── What a side is ───────────────────────────────────────────────────────────────────────────────

void RelayedMedia::configure(Side side) {
    const auto& end = ends_[side];
    if (!end.said) return;
    for (std::size_t i = 0; i < std::min(media_.size(), end.said->media.size()); ++i) {
        const auto& media = end.said->media[i];
        if (!media_[i] || media.port == 0) continue;
        rtp::Relay::Settings settings;
        settings.rtp = {end.said->address(media).value_or(IpAddress::v4(0)), media.port};
        settings.rtcp_mux = media.has_attribute("rtcp-mux");
        settings.rtcp = settings.rtcp_mux ? settings.rtp : sdp::rtcp_address(media, settings.rtp);
        if (!end.party.signalling.is_unspecified()) settings.trusted = {end.party.signalling};
        std::optional<rtp::DtlsPeer> peer;
        if (!passes_keys()) {
            if (const auto ice = ice_of(*end.said, media))
                settings.ice = media::ice_pair(end.ice, *ice);
            if (const auto dtls = dtls_of(*end.said, media)) {
                peer = media::dtls_peer(*dtls);
                settings.by_handshake = true;
            } else if (const auto keys = sdp::common_crypto(media, end.keys)) {
                settings.send_key = media::srtp_key(keys->local);
                settings.receive_key = media::srtp_key(keys->remote);
            }
        }
        relays_.configure(media_[i]->id, side, std::move(settings), std::move(peer));
    }
}

} // namespace lyceum::b2bua
