// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "rtp/ice_lite.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace lyceum::kit {

inline Bytes octets(std::string_view hex) {
    Bytes out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out.push_back(
            static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
    return out;
}

/// The sample request of RFC 5769 §2.1, whose password and user name it tells.
inline const Bytes sample_check =
    octets("000100582112a442b7e7a701bc34d686fa87dfae802200105354554e20746573"
           "7420636c69656e74002400046e0001ff80290008932ff9b151263b36000600"
           "096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249"
           "c1b571a280280004e57a3bcf");
inline const rtp::IcePair sample_ice{{"evtj", "VOkJxbRl1RmTxUk/WvJxBt"}, {"h6vY", "whatever"}};

} // namespace lyceum::kit
