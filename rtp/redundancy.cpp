// SPDX-License-Identifier: Apache-2.0
#include "rtp/redundancy.hpp"

#include "base/assert.hpp"

namespace lyceum::rtp {
namespace {

constexpr std::uint8_t follows = 0x80; // F: another block header comes after this one.

} // namespace

Result<Redundant, Fault> parse_redundant(ByteView payload) {
    ByteReader in(payload);
    Redundant out;
    std::array<std::size_t, Redundant::blocks_max> lengths{};
    for (bool more = true; more;) {
        if (out.count == Redundant::blocks_max) return Fault{"too many blocks", payload.size()};
        auto& block = out.blocks[out.count];
        const auto first = in.u8();
        more = first & follows;
        block.payload_type = first & 0x7f;
        if (more) {
            const auto rest = in.u24();
            block.age = rest >> 10;
            lengths[out.count] = rest & Redundant::old_payload_bytes_max;
        }
        if (!in.ok()) return Fault{"truncated block header", payload.size()};
        ++out.count;
    }
    for (std::size_t i = 0; i + 1 < out.count; ++i) out.blocks[i].payload = in.take(lengths[i]);
    if (!in.ok()) return Fault{"truncated block", payload.size()};
    out.blocks[out.count - 1].payload = in.rest();
    return out;
}

void write_redundant(const Redundant& redundant, Bytes& out) {
    LYCEUM_ASSERT(redundant.count > 0);
    ByteWriter writer(out);
    for (std::size_t i = 0; i + 1 < redundant.count; ++i) {
        const auto& block = redundant.blocks[i];
        LYCEUM_ASSERT(block.age <= Redundant::age_max &&
                      block.payload.size() <= Redundant::old_payload_bytes_max);
        writer.u8(static_cast<std::uint8_t>(follows | block.payload_type));
        const auto rest = block.age << 10 | static_cast<std::uint32_t>(block.payload.size());
        writer.u8(static_cast<std::uint8_t>(rest >> 16));
        writer.u16(static_cast<std::uint16_t>(rest));
    }
    writer.u8(redundant.own().payload_type);
    for (std::size_t i = 0; i < redundant.count; ++i) writer.bytes(redundant.blocks[i].payload);
}

} // namespace lyceum::rtp
