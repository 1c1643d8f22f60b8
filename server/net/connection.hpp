// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/transaction/transaction_layer.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace lyceum::net {

/// One connection that carries SIP messages, whatever cuts them out of it: a TCP or TLS stream, or
/// a WebSocket. Bounded against slow and stuck peers; see who implements it.
class Connection {
public:
    struct Events {
        std::function<void(std::string message)> message;
        std::function<void(std::string_view why)> closed; ///< Once, last.
        std::function<void(sip::TransactionId)> send_failed;
    };

    virtual ~Connection() = default;
    virtual void send(std::string bytes, sip::TransactionId transaction) = 0;
    virtual void close(std::string_view why) = 0;
};

} // namespace lyceum::net
