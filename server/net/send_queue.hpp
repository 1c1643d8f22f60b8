// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sip/transaction/transaction_layer.hpp"

#include <cstddef>
#include <deque>
#include <string>

namespace lyceum::net {

/// What a connection has still to send, in order, with the transaction to blame for each. Bounded:
/// a peer that does not read is not waited for.
class SendQueue {
public:
    static constexpr std::size_t bytes_max = 1 << 20;

    /// False: there is no room.
    bool push(std::string bytes, sip::TransactionId transaction) {
        if (bytes_ + bytes.size() > bytes_max) return false;
        bytes_ += bytes.size();
        items_.push_back({std::move(bytes), transaction});
        return true;
    }
    [[nodiscard]] bool empty() const { return items_.empty(); }
    [[nodiscard]] const std::string& front() const { return items_.front().bytes; }
    void pop() {
        bytes_ -= items_.front().bytes.size();
        items_.pop_front();
    }
    /// Tells of each transaction whose message will not be sent any more. The messages stay where
    /// they are, since the first of them may be under the kernel's eyes.
    template <class Tell>
    void fail(Tell&& tell) const {
        for (const auto& item : items_)
            if (item.transaction) tell(item.transaction);
    }

private:
    struct Item {
        std::string bytes;
        sip::TransactionId transaction;
    };
    std::deque<Item> items_;
    std::size_t bytes_ = 0;
};

} // namespace lyceum::net
