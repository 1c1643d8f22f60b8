// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lyceum::records {

/// How a call sounded where we heard it: at a room.
struct Heard {
    /// For some seconds.
    struct Stretch {
        int second = 0; ///< When it ended, since the leg was first looked at.
        std::uint64_t packets = 0, lost = 0;
        int jitter_ms = 0;   ///< At its end.
        int level_db = -127; ///< The loudest; −127: silence.

        [[nodiscard]] int loss_permille() const;
        bool operator==(const Stretch&) const = default;
    };

    int mos_tenths = 0; ///< 10 to 45.
    int loss_permille = 0, jitter_ms = 0;
    int level_db = -127;       ///< Of speech, mean; −127: none was heard.
    std::uint64_t packets = 0; ///< 0: nothing ever came.
    std::string announced{};   ///< Where its packets were to come from, and go to…
    std::string source{};      ///< …and where they came from; empty: none came.
    std::string codec{};       ///< Of what we sent.
    bool encrypted = false;    ///< By SRTP.
    std::vector<Stretch> course{};

    bool operator==(const Heard&) const = default;
};

} // namespace lyceum::records
