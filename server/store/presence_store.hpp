// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/publications.hpp"
#include "sip/event/subscription.hpp"
#include "sql/database.hpp"

#include <string_view>
#include <vector>

namespace lyceum::store {

/// Subscriptions and publications, in SQLite. Throws sql::Error.
class PresenceStore {
public:
    explicit PresenceStore(sql::Database& database);

    std::vector<sip::Subscription> subscriptions();
    void put(const sip::Subscription& subscription);
    void remove(sip::SubscriptionId id);

    std::vector<presence::Publication> publications();
    void put(const presence::Publication& publication);
    void remove_publication(std::string_view tag);

private:
    sql::Database& database_;
    sql::Statement put_subscription_, remove_subscription_, put_publication_, remove_publication_;
};

} // namespace lyceum::store
