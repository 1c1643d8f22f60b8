// SPDX-License-Identifier: Apache-2.0
#include "webadmin/secrets.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace lyceum::webadmin {

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    const int done =
        EVP_Digest(text.data(), text.size(), hash.data(), &length, EVP_sha256(), nullptr);
    LYCEUM_ASSERT(done == 1);
    return hex_of({reinterpret_cast<const char*>(hash.data()), length});
}

bool is_same_secret(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::int64_t totp_step_at(WallTime time) { return time.time_since_epoch() / totp_step_length; }

std::string totp_code(std::string_view secret, std::int64_t step) {
    std::array<unsigned char, 8> message{};
    for (std::size_t i = 0; i < message.size(); ++i)
        message[i] = static_cast<unsigned char>(step >> (8 * (message.size() - 1 - i)));
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), message.data(), message.size(),
         hash.data(), &length);
    LYCEUM_ASSERT(length == 20);
    const auto at = hash[length - 1] & 15u; // Dynamic truncation, RFC 4226 §5.3.
    std::uint32_t number = 0;
    for (unsigned i = 0; i < 4; ++i) number = number << 8 | hash[at + i];
    auto code = std::to_string((number & 0x7fffffffu) % 1'000'000);
    return std::string(6 - code.size(), '0') + code;
}

std::string base32(std::string_view octets) {
    static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    unsigned bits = 0;
    std::uint32_t held = 0;
    for (const char c : octets) {
        held = held << 8 | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 5; bits -= 5) out += letters[held >> (bits - 5) & 31];
    }
    if (bits > 0) out += letters[held << (5 - bits) & 31];
    return out;
}

} // namespace lyceum::webadmin
