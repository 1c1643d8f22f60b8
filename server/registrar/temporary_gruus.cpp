// SPDX-License-Identifier: Apache-2.0
#include "server/registrar/temporary_gruus.hpp"

#include "base/text.hpp"

namespace lyceum::registrar {

std::string TemporaryGruus::make(std::string_view user, std::string_view gr,
                                 std::string_view call_id, Entropy& entropy) const {
    const auto nonce = octets_of_hex(entropy.hex(nonce_octets));
    std::string text(user);
    text.append("\n").append(gr).append("\n").append(mark_of(call_id));
    const auto hidden = masked(nonce, std::move(text));
    return std::string(prefix) + hex_of(nonce + hidden + proof_of(nonce, hidden));
}

std::optional<TemporaryGruus::Meaning> TemporaryGruus::open(std::string_view user_part) const {
    if (!user_part.starts_with(prefix)) return std::nullopt;
    const auto octets = octets_of_hex(user_part.substr(prefix.size()));
    if (octets.size() < nonce_octets + proof_octets) return std::nullopt;
    const std::string_view all(octets);
    const auto nonce = all.substr(0, nonce_octets);
    const auto hidden = all.substr(nonce_octets, all.size() - nonce_octets - proof_octets);
    const auto proof = all.substr(all.size() - proof_octets);
    if (!sip::equal_in_constant_time(proof, proof_of(nonce, hidden))) return std::nullopt;
    const auto text = masked(nonce, std::string(hidden));
    std::string_view rest(text);
    Meaning out;
    out.user = cut(rest, '\n');
    out.gr = cut(rest, '\n');
    out.call = rest;
    return out;
}

std::string TemporaryGruus::mark_of(std::string_view call_id) const {
    return hex_of(hash_("call " + std::string(call_id)).substr(0, 4));
}

/// Counter mode, with the keyed hash for a cipher.
std::string TemporaryGruus::masked(std::string_view nonce, std::string text) const {
    std::string block;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto at = i % sip::KeyedHash::key_octets;
        if (at == 0)
            block = hash_("mask " + std::string(nonce) +
                          std::to_string(i / sip::KeyedHash::key_octets));
        text[i] = static_cast<char>(text[i] ^ block[at]);
    }
    return text;
}

std::string TemporaryGruus::proof_of(std::string_view nonce, std::string_view hidden) const {
    return hash_("proof " + std::string(nonce) + std::string(hidden)).substr(0, proof_octets);
}

} // namespace lyceum::registrar
