// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/mailbox.hpp"
#include "presence/publications.hpp"
#include "presence/xcap_server.hpp"
#include "sip/event/subscription.hpp"
#include "sql/database.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::store {

/// Subscriptions, publications, documents of members and kept messages, in SQLite. Throws
/// sql::Error.
class PresenceStore {
public:
    explicit PresenceStore(sql::Database& database);

    std::vector<sip::Subscription> subscriptions();
    void put(const sip::Subscription& subscription);
    void remove(sip::SubscriptionId id);

    std::vector<presence::Publication> publications();
    void put(const presence::Publication& publication);
    void remove_publication(std::string_view tag);

    struct Changed {
        presence::xcap::Document document;
        std::int64_t number; ///< Higher than those of earlier changes.
    };
    /// The documents of members that have changed since that one; the newest last.
    std::vector<Changed> documents_since(std::int64_t number);
    /// Empty: there is none.
    std::string document(std::string_view auid, std::string_view owner);
    /// False: there is no such member.
    bool put(const presence::xcap::Document& document);

    std::vector<presence::Mail> mails();
    void put(const presence::Mail& mail);
    void remove(presence::MailId id);

private:
    sql::Database& database_;
    sql::Statement put_subscription_, remove_subscription_, put_publication_, remove_publication_;
    sql::Statement put_mail_, remove_mail_;
};

} // namespace lyceum::store
