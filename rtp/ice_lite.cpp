// SPDX-License-Identifier: Apache-2.0
#include "rtp/ice_lite.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string_view>
#include <vector>

namespace lyceum::rtp {
namespace {

// RFC 8489 §5, §14 and §18; RFC 8445 §16.1.
constexpr std::uint32_t magic_cookie = 0x2112a442;
constexpr std::size_t header_bytes = 20, integrity_bytes = 20;
constexpr std::uint16_t binding_request = 0x0001, binding_success = 0x0101, binding_error = 0x0111;
enum Attribute : std::uint16_t {
    username = 0x0006,
    message_integrity = 0x0008,
    error_code = 0x0009,
    unknown_attributes = 0x000a,
    xor_mapped_address = 0x0020,
    priority = 0x0024,
    use_candidate = 0x0025,
    fingerprint = 0x8028,
};
constexpr std::uint32_t fingerprint_mask = 0x5354554e;

/// CRC-32 of ITU V.42, bit by bit: checks are rare and short.
std::uint32_t crc32(ByteView bytes) {
    std::uint32_t crc = ~0u;
    for (const auto octet : bytes) {
        crc ^= octet;
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

/// The HMAC over a message up to the attribute, with the length that it has with the attribute in
/// it (RFC 8489 §14.5).
std::array<std::uint8_t, integrity_bytes> integrity(ByteView message, std::string_view password) {
    Bytes text(message.begin(), message.end());
    const auto length = message.size() - header_bytes + 4 + integrity_bytes;
    text[2] = static_cast<std::uint8_t>(length >> 8);
    text[3] = static_cast<std::uint8_t>(length);
    std::array<std::uint8_t, integrity_bytes> out{};
    unsigned written = 0;
    HMAC(EVP_sha1(), password.data(), static_cast<int>(password.size()), text.data(), text.size(),
         out.data(), &written);
    return out;
}

struct Request {
    ByteView transaction; ///< Cookie and id: 16 octets.
    std::optional<std::string_view> user;
    ByteView hmac;
    std::size_t hmac_at = 0; ///< Octets before MESSAGE-INTEGRITY.
    bool nominates = false;
    std::vector<std::uint16_t> unknown;
};

/// The attributes of a binding request; none if it is none (RFC 8489 §5).
std::optional<ByteReader> attributes_of(ByteView datagram) {
    ByteReader in(datagram);
    const auto type = in.u16();
    const auto length = in.u16();
    const auto cookie = in.u32();
    in.take(12);
    if (!in.ok() || type != binding_request || cookie != magic_cookie || length != in.left())
        return std::nullopt;
    return in;
}

/// None unless every length fits and the fingerprint at the end is right (RFC 8445 §7.1).
std::optional<Request> parse(ByteView datagram) {
    auto attributes = attributes_of(datagram);
    if (!attributes) return std::nullopt;
    auto& in = *attributes;
    Request out;
    out.transaction = datagram.subspan(4, 16);
    bool sealed = false;
    while (in.left() > 0 && !sealed) {
        const auto at = datagram.size() - in.left();
        const auto kind = in.u16();
        const std::size_t size = in.u16();
        const auto value = in.take(size);
        in.take((4 - size % 4) % 4);
        if (!in.ok()) return std::nullopt;
        if (kind == fingerprint) {
            ByteReader word(value);
            if (word.u32() != (crc32(datagram.first(at)) ^ fingerprint_mask)) return std::nullopt;
            sealed = true;
        } else if (!out.hmac.empty()) {
            continue; // Behind MESSAGE-INTEGRITY nothing else counts (RFC 8489 §14.5).
        } else if (kind == message_integrity && size == integrity_bytes) {
            out.hmac = value;
            out.hmac_at = at;
        } else if (kind == username) {
            out.user = {reinterpret_cast<const char*>(value.data()), value.size()};
        } else if (kind == use_candidate) {
            out.nominates = true;
        } else if (kind < 0x8000 && kind != priority) {
            out.unknown.push_back(kind);
        }
    }
    if (!sealed || in.left() > 0) return std::nullopt;
    return out;
}

class Response {
public:
    Response(std::uint16_t type, ByteView transaction) : out_(message_) {
        out_.u16(type);
        out_.u16(0);
        out_.bytes(transaction);
    }
    void add(std::uint16_t kind, ByteView value) {
        out_.u16(kind);
        out_.u16(static_cast<std::uint16_t>(value.size()));
        out_.bytes(value);
        while (message_.size() % 4 != 0) out_.u8(0);
        set_length(0);
    }
    void add_error(unsigned status, std::string_view phrase) {
        Bytes value{0, 0, static_cast<std::uint8_t>(status / 100),
                    static_cast<std::uint8_t>(status % 100)};
        value.insert(value.end(), phrase.begin(), phrase.end());
        add(error_code, value);
    }
    void sign(std::string_view password) { add(message_integrity, integrity(message_, password)); }
    Bytes finish() {
        set_length(8);
        Bytes word;
        ByteWriter(word).u32(crc32(message_) ^ fingerprint_mask);
        add(fingerprint, word);
        return std::move(message_);
    }

private:
    void set_length(std::size_t to_come) {
        const auto length = message_.size() - header_bytes + to_come;
        message_[2] = static_cast<std::uint8_t>(length >> 8);
        message_[3] = static_cast<std::uint8_t>(length);
    }

    Bytes message_;
    ByteWriter out_;
};

/// RFC 8489 §14.2.
Bytes xor_mapped(const SocketAddress& address, ByteView transaction) {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(0);
    writer.u8(address.ip.is_v6() ? 2 : 1);
    writer.u16(static_cast<std::uint16_t>(address.port ^ magic_cookie >> 16));
    if (!address.ip.is_v6()) {
        writer.u32(address.ip.v4_value() ^ magic_cookie);
    } else {
        const auto& octets = address.ip.v6_octets();
        for (std::size_t i = 0; i < octets.size(); ++i)
            writer.u8(static_cast<std::uint8_t>(octets[i] ^ transaction[i]));
    }
    return out;
}

} // namespace

std::optional<std::string_view> checked_ufrag(ByteView datagram) {
    const auto request = parse(datagram);
    if (!request || !request->user) return std::nullopt;
    return request->user->substr(0, request->user->find(':'));
}

std::optional<Bytes> answer_keep_alive(ByteView datagram, const SocketAddress& from) {
    auto attributes = attributes_of(datagram);
    if (!attributes) return std::nullopt;
    auto& in = *attributes;
    while (in.left() > 0) {
        const auto kind = in.u16();
        const std::size_t size = in.u16();
        in.take(size + (4 - size % 4) % 4);
        if (!in.ok() || kind < 0x8000) return std::nullopt;
    }
    const auto transaction = datagram.subspan(4, 16);
    Response response(binding_success, transaction);
    response.add(xor_mapped_address, xor_mapped(from, transaction));
    return response.finish();
}

std::optional<IceLite::Reply> IceLite::handle_datagram(ByteView datagram,
                                                       const SocketAddress& from) const {
    const auto request = parse(datagram);
    if (!request) return std::nullopt;
    const auto refuse = [&](unsigned status, std::string_view phrase) {
        Response response(binding_error, request->transaction);
        response.add_error(status, phrase);
        return Reply{response.finish()};
    };
    if (!request->user || request->hmac.empty()) return refuse(400, "Bad Request");
    const auto expected = integrity(datagram.first(request->hmac_at), local_.password);
    if (*request->user != local_.ufrag + ":" + remote_.ufrag ||
        CRYPTO_memcmp(expected.data(), request->hmac.data(), expected.size()) != 0)
        return refuse(401, "Unauthorized");
    if (!request->unknown.empty()) {
        Response response(binding_error, request->transaction);
        response.add_error(420, "Unknown Attribute");
        Bytes list;
        for (const auto kind : request->unknown) ByteWriter(list).u16(kind);
        response.add(unknown_attributes, list);
        response.sign(local_.password);
        return Reply{response.finish()};
    }
    Response response(binding_success, request->transaction);
    response.add(xor_mapped_address, xor_mapped(from, request->transaction));
    response.sign(local_.password);
    return Reply{response.finish(), true, request->nominates};
}

} // namespace lyceum::rtp
