// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lyceum {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// Reads big-endian fields. Reading past the end yields zeros and makes `ok()` false for good, so a
/// parser checks once, after the last field.
class ByteReader {
public:
    explicit ByteReader(ByteView bytes) : rest_(bytes) {}

    std::uint8_t u8() { return static_cast<std::uint8_t>(read(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(read(2)); }
    std::uint32_t u24() { return static_cast<std::uint32_t>(read(3)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(read(4)); }
    std::uint64_t u64() { return read(8); }

    ByteView take(std::size_t count) {
        if (count > rest_.size()) {
            fail();
            return {};
        }
        const ByteView taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::size_t left() const { return rest_.size(); }
    [[nodiscard]] ByteView rest() const { return rest_; }

private:
    std::uint64_t read(std::size_t count) {
        std::uint64_t value = 0;
        for (const std::uint8_t octet : take(count)) value = value << 8 | octet;
        return value;
    }
    void fail() {
        ok_ = false;
        rest_ = {};
    }

    ByteView rest_;
    bool ok_ = true;
};

/// Appends big-endian fields to a buffer that the caller owns.
class ByteWriter {
public:
    explicit ByteWriter(Bytes& out) : out_(out) {}

    void u8(std::uint8_t value) { out_.push_back(value); }
    void u16(std::uint16_t value) { write(value, 2); }
    void u24(std::uint32_t value) { write(value, 3); }
    void u32(std::uint32_t value) { write(value, 4); }
    void u64(std::uint64_t value) { write(value, 8); }
    void bytes(ByteView view) { out_.insert(out_.end(), view.begin(), view.end()); }

    [[nodiscard]] std::size_t size() const { return out_.size(); }

private:
    void write(std::uint64_t value, int count) {
        for (int shift = 8 * (count - 1); shift >= 0; shift -= 8)
            out_.push_back(static_cast<std::uint8_t>(value >> shift));
    }

    Bytes& out_;
};

} // namespace lyceum
