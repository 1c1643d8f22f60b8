// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace lyceum::sip {

/// HMAC-SHA-256 (RFC 2104) with one key: what we write into messages and want to know again as our
/// own when it comes back.
class KeyedHash {
public:
    static constexpr std::size_t key_octets = 32;

    explicit KeyedHash(std::string_view key);
    ~KeyedHash();
    KeyedHash(KeyedHash&&) noexcept;

    /// 32 octets.
    [[nodiscard]] std::string operator()(std::string_view text) const;

private:
    struct Context;
    std::unique_ptr<Context> context_; ///< With the key's share of the work done.
};

/// Takes as long whatever differs.
bool equal_in_constant_time(std::string_view a, std::string_view b);

} // namespace lyceum::sip
