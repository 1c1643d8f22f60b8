// SPDX-License-Identifier: Apache-2.0
#include "server/store/account_store.hpp"

#include "base/text.hpp"

namespace lyceum::store {
namespace {

using webadmin::Account, webadmin::Passkey, webadmin::Ticket;

constexpr std::string_view account_columns = "name, role, password, totp, totp_step";
constexpr std::string_view ticket_columns = "id, kind, account, role, name, made, until, "
                                            "scopes";
constexpr std::string_view passkey_columns = "id, account, name, algorithm, key, counter";
constexpr std::string_view kind_names[] = {"session", "token", "link"};

Account read_account(const sql::Statement& row) {
    return {row.text(0), webadmin::role_of(row.text(1)).value_or(webadmin::Role::reader),
            row.text(2), octets_of_hex(row.text(3)), row.number(4)};
}

Ticket read_ticket(const sql::Statement& row) {
    Ticket out{.id = row.text(0), .account = row.text(2), .name = row.text(4)};
    for (const auto kind : {Ticket::Kind::session, Ticket::Kind::token, Ticket::Kind::link})
        if (row.text(1) == kind_names[static_cast<std::size_t>(kind)]) out.kind = kind;
    out.role = webadmin::role_of(row.text(3)).value_or(webadmin::Role::reader);
    out.made = WallTime(Duration(row.number(5)));
    out.until = WallTime(Duration(row.number(6)));
    const auto scopes = row.text(7);
    for (std::string_view rest = scopes; !rest.empty();) out.scopes.emplace_back(cut(rest, ' '));
    return out;
}

Passkey read_passkey(const sql::Statement& row) {
    return {row.text(0),
            row.text(1),
            row.text(2),
            static_cast<int>(row.number(3)),
            octets_of_hex(row.text(4)),
            static_cast<std::uint32_t>(row.number(5))};
}

} // namespace

AccountStore::AccountStore(sql::Database& database)
    : database_(database),
      find_account_(database_.prepare("SELECT " + std::string(account_columns) +
                                      " FROM account WHERE name = ?")),
      find_ticket_(database_.prepare("SELECT " + std::string(ticket_columns) +
                                     " FROM ticket WHERE id = ?")) {}

std::optional<Account> AccountStore::account(const std::string& name) {
    find_account_.reset();
    find_account_.bind(1, name);
    std::optional<Account> out;
    if (find_account_.step()) out = read_account(find_account_);
    find_account_.reset();
    return out;
}

void AccountStore::put(const Account& account) {
    auto put = database_.prepare(
        "INSERT INTO account (name, role, password, totp, totp_step) VALUES (?,?,?,?,?) "
        "ON CONFLICT (name) DO UPDATE SET role = excluded.role, password = excluded.password, "
        "totp = excluded.totp, totp_step = excluded.totp_step");
    put.bind(1, account.name).bind(2, webadmin::name_of(account.role));
    put.bind(3, account.password).bind(4, hex_of(account.totp_secret));
    put.bind(5, account.totp_step).step();
}

std::vector<Account> AccountStore::accounts() {
    auto rows =
        database_.prepare("SELECT " + std::string(account_columns) + " FROM account ORDER BY name");
    std::vector<Account> out;
    while (rows.step()) out.push_back(read_account(rows));
    return out;
}

bool AccountStore::remove_account(const std::string& name) {
    database_.prepare("DELETE FROM account WHERE name = ?").bind(1, name).step();
    return database_.changes() > 0;
}

std::optional<Ticket> AccountStore::ticket(const std::string& id) {
    find_ticket_.reset();
    find_ticket_.bind(1, id);
    std::optional<Ticket> out;
    if (find_ticket_.step()) out = read_ticket(find_ticket_);
    find_ticket_.reset();
    return out;
}

void AccountStore::put(const Ticket& ticket) {
    std::string scopes;
    for (const auto& each : ticket.scopes) scopes.append(scopes.empty() ? "" : " ").append(each);
    auto put = database_.prepare("INSERT OR REPLACE INTO ticket VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    put.bind(1, ticket.id).bind(2, kind_names[static_cast<std::size_t>(ticket.kind)]);
    put.bind(3, ticket.account).bind(4, webadmin::name_of(ticket.role)).bind(5, ticket.name);
    put.bind(6, ticket.made.time_since_epoch().count());
    put.bind(7, ticket.until.time_since_epoch().count()).bind(8, scopes).step();
}

void AccountStore::remove_ticket(const std::string& id) {
    database_.prepare("DELETE FROM ticket WHERE id = ?").bind(1, id).step();
}

void AccountStore::remove_tickets(const std::string& account, const std::string& but) {
    database_.prepare("DELETE FROM ticket WHERE account = ? AND id <> ? AND kind <> 'token'")
        .bind(1, account)
        .bind(2, but)
        .step();
}

std::optional<Passkey> AccountStore::passkey(const std::string& id) {
    auto row =
        database_.prepare("SELECT " + std::string(passkey_columns) + " FROM passkey WHERE id = ?");
    return row.bind(1, id).step() ? std::optional(read_passkey(row)) : std::nullopt;
}

std::vector<Passkey> AccountStore::passkeys(const std::string& account) {
    auto rows = database_.prepare("SELECT " + std::string(passkey_columns) +
                                  " FROM passkey WHERE account = ? ORDER BY name, id");
    rows.bind(1, account);
    std::vector<Passkey> out;
    while (rows.step()) out.push_back(read_passkey(rows));
    return out;
}

void AccountStore::put(const Passkey& passkey) {
    auto put = database_.prepare("INSERT OR REPLACE INTO passkey VALUES (?, ?, ?, ?, ?, ?)");
    put.bind(1, passkey.id).bind(2, passkey.account).bind(3, passkey.name);
    put.bind(4, std::int64_t{passkey.algorithm}).bind(5, hex_of(passkey.key));
    put.bind(6, std::int64_t{passkey.counter}).step();
}

void AccountStore::remove_passkey(const std::string& id) {
    database_.prepare("DELETE FROM passkey WHERE id = ?").bind(1, id).step();
}

std::vector<Ticket> AccountStore::tokens() {
    auto rows = database_.prepare("SELECT " + std::string(ticket_columns) +
                                  " FROM ticket WHERE kind = 'token' ORDER BY id");
    std::vector<Ticket> out;
    while (rows.step()) out.push_back(read_ticket(rows));
    return out;
}

bool AccountStore::has_administrator() {
    return database_
        .prepare("SELECT 1 FROM account WHERE role = 'administrator' AND password <> ''")
        .step();
}

void AccountStore::put_setup(const std::string& id, const std::string& user, WallTime until) {
    auto put = database_.prepare("INSERT INTO setup_link VALUES (?, ?, ?)");
    put.bind(1, id).bind(2, user).bind(3, until.time_since_epoch().count()).step();
}

std::optional<std::string> AccountStore::take_setup(const std::string& id, WallTime now) {
    auto take =
        database_.prepare("DELETE FROM setup_link WHERE id = ? AND until > ? RETURNING user");
    take.bind(1, id).bind(2, now.time_since_epoch().count());
    if (!take.step()) return std::nullopt;
    auto user = take.text(0);
    take.step(); // Only then is it deleted.
    return user;
}

void AccountStore::forget_before(WallTime time) {
    for (const auto* statement :
         {"DELETE FROM ticket WHERE until < ?", "DELETE FROM setup_link WHERE until < ?"})
        database_.prepare(statement).bind(1, time.time_since_epoch().count()).step();
}

} // namespace lyceum::store
