// SPDX-License-Identifier: Apache-2.0
#include "server/store/presence_store.hpp"

#include "server/store/columns.hpp"

namespace lyceum::store {

PresenceStore::PresenceStore(sql::Database& database)
    : database_(database), put_subscription_(database_.prepare(
                               "INSERT OR REPLACE INTO subscription VALUES "
                               "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      remove_subscription_(database_.prepare("DELETE FROM subscription WHERE id = ?")),
      put_publication_(database_.prepare("INSERT OR REPLACE INTO publication VALUES (?, ?, ?, ?)")),
      remove_publication_(database_.prepare("DELETE FROM publication WHERE tag = ?")),
      put_mail_(database_.prepare("INSERT INTO mail VALUES (?, ?, ?, ?)")),
      remove_mail_(database_.prepare("DELETE FROM mail WHERE id = ?")) {}

std::vector<sip::Subscription> PresenceStore::subscriptions() {
    auto rows = database_.prepare(
        "SELECT id, package, resource, watcher, event_id, type, pending, spacing, at_least, "
        "source, "
        "expires, call_id, local_tag, remote_tag, local_uri, remote_uri, remote_target, route_set, "
        "local_cseq, remote_cseq, list FROM subscription ORDER BY id");
    std::vector<sip::Subscription> out;
    while (rows.step()) {
        out.push_back({sip::SubscriptionId{static_cast<std::uint64_t>(rows.number(0))},
                       rows.text(1), rows.text(2), rows.text(3), rows.text(4), rows.text(5),
                       rows.number(6) != 0, Duration(rows.number(7)), Duration(rows.number(8)),
                       sip::Dialog(dialog_in(rows, 11)),
                       sip::parse_endpoint(rows.text(9)).value_or(sip::Endpoint{}),
                       WallTime(Duration(rows.number(10))),
                       rows.is_null(20) ? std::nullopt : std::optional(parts_of(rows.text(20)))});
    }
    return out;
}

void PresenceStore::put(const sip::Subscription& subscription) {
    auto& row = put_subscription_;
    row.reset();
    row.bind(1, static_cast<std::int64_t>(subscription.id.value)).bind(2, subscription.package);
    row.bind(3, subscription.resource).bind(4, subscription.watcher);
    row.bind(5, subscription.event_id).bind(6, subscription.type);
    row.bind(7, std::int64_t{subscription.pending}).bind(8, subscription.spacing.count());
    row.bind(9, subscription.at_least.count()).bind(10, to_string(subscription.source));
    row.bind(11, subscription.expires.time_since_epoch().count());
    bind_dialog(row, 12, subscription.dialog.parts());
    if (subscription.list) row.bind(21, lines_of(*subscription.list));
    else row.bind_null(21);
    row.step();
}

void PresenceStore::remove(sip::SubscriptionId id) {
    remove_subscription_.reset();
    remove_subscription_.bind(1, static_cast<std::int64_t>(id.value)).step();
}

std::vector<presence::Publication> PresenceStore::publications() {
    auto rows = database_.prepare("SELECT resource, tag, body, expires FROM publication");
    std::vector<presence::Publication> out;
    while (rows.step())
        out.push_back(
            {rows.text(0), rows.text(1), rows.text(2), WallTime(Duration(rows.number(3)))});
    return out;
}

void PresenceStore::put(const presence::Publication& publication) {
    put_publication_.reset();
    put_publication_.bind(1, publication.tag).bind(2, publication.resource);
    put_publication_.bind(3, publication.body);
    put_publication_.bind(4, publication.expires.time_since_epoch().count()).step();
}

void PresenceStore::remove_publication(std::string_view tag) {
    remove_publication_.reset();
    remove_publication_.bind(1, tag).step();
}

std::vector<PresenceStore::Changed> PresenceStore::documents_since(std::int64_t number) {
    auto rows = database_.prepare("SELECT auid, owner, body, changed FROM xcap_document "
                                  "WHERE changed > ? ORDER BY changed");
    rows.bind(1, number);
    std::vector<Changed> out;
    while (rows.step()) out.push_back({{rows.text(0), rows.text(1), rows.text(2)}, rows.number(3)});
    return out;
}

std::string PresenceStore::document(std::string_view auid, std::string_view owner) {
    auto row = database_.prepare("SELECT body FROM xcap_document WHERE auid = ? AND owner = ?");
    row.bind(1, auid).bind(2, owner);
    return row.step() ? row.text(0) : std::string();
}

bool PresenceStore::put(const presence::xcap::Document& document) {
    auto row = database_.prepare(
        "INSERT OR REPLACE INTO xcap_document SELECT ?1, name, ?3, (SELECT "
        "coalesce(max(changed), 0) + 1 FROM xcap_document) FROM user WHERE name = ?2");
    row.bind(1, document.auid).bind(2, document.owner).bind(3, document.body).step();
    return database_.changes() > 0;
}

std::vector<presence::Mail> PresenceStore::mails() {
    auto rows = database_.prepare("SELECT id, recipient, request, received FROM mail ORDER BY id");
    std::vector<presence::Mail> out;
    while (rows.step())
        out.push_back({presence::MailId{static_cast<std::uint64_t>(rows.number(0))}, rows.text(1),
                       rows.text(2), WallTime(Duration(rows.number(3)))});
    return out;
}

void PresenceStore::put(const presence::Mail& mail) {
    put_mail_.reset();
    put_mail_.bind(1, static_cast<std::int64_t>(mail.id.value)).bind(2, mail.recipient);
    put_mail_.bind(3, mail.request).bind(4, mail.received.time_since_epoch().count()).step();
}

void PresenceStore::remove(presence::MailId id) {
    remove_mail_.reset();
    remove_mail_.bind(1, static_cast<std::int64_t>(id.value)).step();
}

} // namespace lyceum::store
