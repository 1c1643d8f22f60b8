// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/sdp/description.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The little that a back-to-back user agent has to know of session descriptions, when one end of a
/// call is replaced by another.
namespace lyceum::b2bua {

/// Who describes a session, and for the how many-th time: the o= line, RFC 8866 §5.2.
struct Origin {
    std::string head, tail; ///< Before and behind the version.
    std::uint64_t version = 0;

    /// None: there is no such line.
    static std::optional<Origin> in(std::string_view description);
    bool operator==(const Origin&) const = default;
};

/// As if whoever described himself before did it again (RFC 3264 §8): the same origin, a version
/// further. Without an o= line, as it is.
std::string described_by(Origin& origin, std::string_view description);

/// The body of a message with another description in the place of its own; other parts stay.
std::string with_description(std::string body, std::string_view own, std::string_view other);

/// What answers an offer when who is to answer has made one himself at the same time, `own`: his
/// media, in the order of the offer, with the codecs that both have named. For media in clear, as
/// keys and handshakes belong to one offer alone; `by_us`: for any, since they end here. None:
/// there is nothing in common.
std::optional<sdp::Description> crossed(const sdp::Description& own, const sdp::Description& offer,
                                        bool by_us);
std::optional<std::string> crossed(std::string_view own, std::string_view offer);

/// Whether all that is sent is RTP that anybody could read.
bool is_in_clear(std::string_view description);

/// Nobody is on hold any more: without directions (RFC 3264 §8.4).
std::string off_hold(std::string_view description);

} // namespace lyceum::b2bua
