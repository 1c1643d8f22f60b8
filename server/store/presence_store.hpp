// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/mailbox.hpp"
#include "presence/publications.hpp"
#include "sip/event/subscription.hpp"
#include "sql/database.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::store {

/// Subscriptions, publications and kept messages, in SQLite. Throws sql::Error.
class PresenceStore {
public:
    explicit PresenceStore(sql::Database& database);

    std::vector<sip::Subscription> subscriptions();
    void put(const sip::Subscription& subscription);
    void remove(sip::SubscriptionId id);

    std::vector<presence::Publication> publications();
    void put(const presence::Publication& publication);
    void remove_publication(std::string_view tag);

    /// What members allow, a document each.
    struct OwnRules {
        std::string owner, body;
        std::int64_t changed;
    };
    /// Those that have changed since `changed` was this; the newest last.
    std::vector<OwnRules> rules_since(std::int64_t changed);
    /// False: there is no such member.
    bool set_rules(std::string_view owner, std::string_view body);

    std::vector<presence::Mail> mails();
    void put(const presence::Mail& mail);
    void remove(presence::MailId id);

private:
    sql::Database& database_;
    sql::Statement put_subscription_, remove_subscription_, put_publication_, remove_publication_;
    sql::Statement put_mail_, remove_mail_;
};

} // namespace lyceum::store
