// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "rtp/ice_lite.hpp"
#include "rtp/latch.hpp"
#include "rtp/srtp.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace lyceum::rtp {

/// One medium of a call between two sides that do not reach each other, or do not protect what they
/// send alike: what comes from one side goes to the other, with each side's own addresses, ICE,
/// multiplexing and keys. Packets stay what they are, but for their protection: nothing is decoded,
/// and sequence numbers, time stamps, sources and reports are the ends' own (RFC 7092 §3.2.1, RFC
/// 7879 §4).
///
/// Holds two ports toward each side, for RTP and RTCP. Where neither side is encrypted by us, all
/// that comes passes as it is, keys of the ends' own too. DTLS handshakes are not its business; it
/// says what belongs to them, and is told the keys.
class Relay {
public:
    enum Side : std::size_t { first, second };
    static constexpr Side other(Side side) { return side == first ? second : first; }
    enum class Port : std::uint8_t { rtp, rtcp };

    /// What was agreed on with one side.
    struct Settings {
        SocketAddress rtp, rtcp;        ///< Where it says that it is; 0.0.0.0: it does not say.
        bool rtcp_mux = false;          ///< RTP and RTCP by one port (RFC 5761).
        std::vector<IpAddress> trusted; ///< What may be latched to beside.
        std::optional<SrtpKey> send_key, receive_key;
        std::optional<IcePair> ice; ///< Its checks say where it is, and whom to believe.
        bool by_handshake = false;  ///< Keys come by `set_keys`; nothing passes before.
    };

    struct Send { ///< By our port toward that side.
        Side toward;
        Port port;
        SocketAddress to;
        ByteView datagram; ///< Valid until the next call.
    };
    struct Handshake { ///< The datagram that was handed in is of DTLS; answer to where it came
                       ///< from.
        Side side;
    };
    using Output = std::variant<Send, Handshake>;

    struct Counters {
        std::uint64_t passed = 0; ///< From this side to the other.
        std::uint64_t foreign = 0, unauthentic = 0, replayed = 0, malformed = 0;
    };
    static constexpr Duration consent_lasts = 30s;
    /// So many sources (SSRC) of one side are protected for the other.
    static constexpr std::size_t sources_max = 16;

    /// Replaces what was agreed on before. With the same keys, their streams go on.
    void update(Side side, Settings settings);
    void set_keys(Side side, const SrtpKey& send, const SrtpKey& receive);

    /// A datagram of this side, by this port of ours. None: there is nothing to be done about it.
    std::optional<Output> handle_datagram(Side from, Port by, ByteView datagram,
                                          const SocketAddress& source, TimePoint now);

    /// Where this side is sent to, as far as it is known.
    [[nodiscard]] const SocketAddress& target(Side side) const { return ends_[side].latch.rtp(); }
    /// Whether a side that shows by its checks that it still wants to be sent to (RFC 7675 §5.1)
    /// has not been heard from for so long that it does not, or is gone.
    [[nodiscard]] bool has_lapsed(TimePoint now) const;
    [[nodiscard]] const Counters& counters(Side side) const { return ends_[side].counters; }

private:
    struct End {
        Settings settings;
        Latch latch;
        std::optional<SocketAddress> chosen; ///< By ICE.
        std::optional<SrtpContext> inbound, outbound;
        std::vector<std::uint32_t> sources;  ///< Of the other side, protected for this one.
        std::optional<TimePoint> last_heard; ///< Something that was its own.
        Counters counters;
        bool agreed = false;

        [[nodiscard]] bool is_ready() const {
            return agreed && (!settings.by_handshake || (inbound && outbound));
        }
        [[nodiscard]] bool admits(const SocketAddress& from, TimePoint now) const;
    };

    std::optional<Output> handle_check(Side from, Port by, ByteView datagram,
                                       const SocketAddress& source, TimePoint now);
    std::optional<ByteView> open(End& end, ByteView datagram, bool rtcp);
    std::optional<Output> pass(End& from, Side toward, ByteView datagram, bool rtcp);
    static bool knows(End& end, ByteView packet);

    std::array<End, 2> ends_;
    Bytes out_;
};

} // namespace lyceum::rtp
