// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "mixer/codec.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace lyceum::mixer {

/// One way to encode, and its packets of this tick.
struct Encoding {
    std::unique_ptr<Encoder> encoder;
    bool joined = false;         ///< A listener of another encoder comes over with the next packet.
    std::vector<Sample> waiting; ///< Sound of a packet that is not full yet.
    std::vector<Bytes> payloads; ///< Of this tick, empty: not sent. The buffers are kept.
    std::size_t payload_count = 0;
    Bytes last;   ///< Of silence.
    Bytes before; ///< The packet before those of this tick.
    /// The packets of this tick with the one before in each (RFC 2198), by the payload type in it.
    std::map<std::uint8_t, std::vector<Bytes>> redundant;
    std::uint64_t fed_until = 0; ///< Sample of the conference.
    int idle_ticks = 0;
    std::size_t silent_samples = 0; ///< Of silence, up to now.

    /// The conference that it belongs to counts its samples differently from now on.
    void rebase(std::uint64_t from, std::uint64_t to) {
        if (fed_until == from) fed_until = to;
        else fed_until = 0;
    }
    void begin_tick() {
        if (payload_count > 0) std::swap(before, payloads[payload_count - 1]);
        payload_count = 0;
        redundant.clear();
    }
    /// Room for the next payload of this tick.
    Bytes& payload() {
        if (payloads.size() == payload_count) payloads.emplace_back();
        return payloads[payload_count++];
    }
};

} // namespace lyceum::mixer
