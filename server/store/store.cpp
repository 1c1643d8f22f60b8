// SPDX-License-Identifier: Apache-2.0
#include "server/store/store.hpp"

#include "server/store/database.hpp"
#include "server/store/names.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lyceum::store {
namespace {

constexpr std::string_view room_columns =
    "name, access, pin, encryption, speakers_max, host_pin, sound, spatial, video, history";

focus::Room read_room(const sql::Statement& row) {
    return {row.text(0),
            access_of(row.text(1)).value_or(focus::Access::members),
            row.text(2),
            protection_of(row.text(3)).value_or(sdp::Protection::required),
            static_cast<std::size_t>(row.number(4)),
            row.text(5),
            care_of(row.text(6)).value_or(mixer::SoundCareOptions{}),
            row.number(7) != 0,
            static_cast<std::size_t>(row.number(9))};
}

bool is_pin(std::string_view pin) {
    return pin.size() <= 16 &&
           std::all_of(pin.begin(), pin.end(), [](char c) { return c >= '0' && c <= '9'; });
}

} // namespace

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return is_alnum(c) || std::string_view("-_.!~*'()+$").find(c) != std::string_view::npos;
    });
}

Fault not_a_name(const std::string& what) {
    return Fault{what + "'s name has 1 to 64 letters, digits or -_.!~*'()+$", 0};
}

std::optional<Fault> write(sql::Statement& statement, std::string forbidden) {
    try {
        statement.step();
    } catch (const sql::Error& error) {
        if (error.is_constraint()) return Fault{std::move(forbidden), 0};
        throw;
    }
    return std::nullopt;
}

std::string_view name_of(focus::Access access) {
    switch (access) {
    case focus::Access::open: return "open";
    case focus::Access::members: return "members";
    case focus::Access::pin: return "pin";
    }
    return {};
}

std::optional<focus::Access> access_of(std::string_view name) {
    for (const auto access : {focus::Access::open, focus::Access::members, focus::Access::pin})
        if (name == name_of(access)) return access;
    return std::nullopt;
}

std::string_view name_of(sdp::Protection protection) {
    switch (protection) {
    case sdp::Protection::off: return "off";
    case sdp::Protection::preferred: return "preferred";
    case sdp::Protection::required: return "required";
    }
    return {};
}

std::optional<sdp::Protection> protection_of(std::string_view name) {
    using sdp::Protection;
    for (const auto protection : {Protection::off, Protection::preferred, Protection::required})
        if (name == name_of(protection)) return protection;
    return std::nullopt;
}

namespace {

using Care = mixer::SoundCareOptions;
constexpr std::pair<std::string_view, bool Care::*> care_names[] = {
    {"gain", &Care::gain_control},
    {"high-pass", &Care::high_pass},
    {"noise", &Care::noise_suppression}};

} // namespace

std::string text_of(const Care& care) {
    std::string out;
    for (const auto& [name, option] : care_names)
        if (care.*option) out.append(out.empty() ? "" : ",").append(name);
    return out;
}

std::optional<Care> care_of(std::string_view text) {
    Care out;
    while (!text.empty()) {
        const auto wanted = trim(cut(text, ','));
        const auto* known = std::find_if(std::begin(care_names), std::end(care_names),
                                         [&](const auto& each) { return each.first == wanted; });
        if (known == std::end(care_names)) return std::nullopt;
        out.*known->second = true;
    }
    return out;
}

Store::Store(const std::string& data_directory)
    : database_(open_database(data_directory)),
      find_room_(
          database_.prepare("SELECT " + std::string(room_columns) + " FROM room WHERE name = ?")),
      find_policy_(
          database_.prepare("SELECT room, role, name, value FROM policy WHERE room IN ('', ?)")),
      find_roles_(database_.prepare("SELECT user, role FROM room_role WHERE room = ?")),
      find_user_(database_.prepare("SELECT ha1_sha256, ha1_md5 FROM user WHERE name = ?")),
      find_member_(database_.prepare(
          "SELECT always, busy, no_answer, unreachable, ifnull(no_answer_after_s, 20), target, "
          "ring_for_s, do_not_disturb FROM user LEFT JOIN forwarding ON forwarding.user = name "
          "LEFT JOIN find_step ON find_step.user = name WHERE name = ? ORDER BY position")),
      find_alias_(database_.prepare("SELECT target FROM alias WHERE name = ?")),
      directory_changes_(database_.prepare("SELECT changes FROM directory")) {
    auto statement = database_.prepare("SELECT value FROM setting WHERE name = 'realm'");
    realm_ = statement.step() ? statement.text(0) : "lyceum";
}

std::optional<focus::Room> Store::room(std::string_view name) {
    find_room_.reset();
    find_room_.bind(1, name);
    std::optional<focus::Room> out;
    if (find_room_.step()) out = read_room(find_room_);
    find_room_.reset();
    if (out) read_rules(*out);
    return out;
}

std::optional<sip::StoredCredentials> Store::credentials(std::string_view user) {
    find_user_.reset();
    find_user_.bind(1, user);
    std::optional<sip::StoredCredentials> out;
    if (find_user_.step()) out = sip::StoredCredentials{find_user_.text(0), find_user_.text(1)};
    find_user_.reset();
    return out;
}

std::int64_t Store::directory_changes() {
    directory_changes_.reset();
    const auto changes = directory_changes_.step() ? directory_changes_.number(0) : 0;
    directory_changes_.reset();
    return changes;
}

std::vector<Store::RoomRow> Store::rooms() {
    auto statement =
        database_.prepare("SELECT " + std::string(room_columns) + " FROM room ORDER BY name");
    std::vector<RoomRow> out;
    while (statement.step()) out.push_back({read_room(statement), statement.text(8)});
    return out;
}

std::vector<Store::RoomRow> Store::room_rows(std::string_view after, std::size_t limit,
                                             std::string_view text) {
    auto statement = database_.prepare("SELECT " + std::string(room_columns) +
                                       " FROM room WHERE name > ?1 AND instr(lower(name), ?2) "
                                       "ORDER BY name LIMIT ?3");
    statement.bind(1, after).bind(2, to_lower(text)).bind(3, static_cast<std::int64_t>(limit));
    std::vector<RoomRow> out;
    while (statement.step()) out.push_back({read_room(statement), statement.text(8)});
    return out;
}

std::optional<Store::RoomRow> Store::room_row(std::string_view name) {
    auto statement =
        database_.prepare("SELECT " + std::string(room_columns) + " FROM room WHERE name = ?");
    if (!statement.bind(1, name).step()) return std::nullopt;
    return RoomRow{read_room(statement), statement.text(8)};
}

namespace {

std::optional<Fault> fault_in(const focus::Room& room) {
    if (!is_name(room.name)) return not_a_name("a room");
    if (room.speakers_max < 1 || room.speakers_max > 100)
        return Fault{"from 1 to 100 speakers are heard at once", 0};
    if (room.history > 100) return Fault{"a room remembers up to 100 messages", 0};
    if (room.name == "echo" || room.name == "conference")
        return Fault{room.name + " is a service of the server", 0};
    if (!is_pin(room.pin) || !is_pin(room.host_pin)) return Fault{"a PIN has up to 16 digits", 0};
    if (room.access == focus::Access::pin && room.pin.empty())
        return Fault{"access by PIN needs a PIN", 0};
    // A PIN counts as soon as its last digit is keyed in: it must not be on the way to the other.
    const bool both = !room.pin.empty() && !room.host_pin.empty();
    if (both && (room.pin.starts_with(room.host_pin) || room.host_pin.starts_with(room.pin)))
        return Fault{"neither PIN may begin with the other", 0};
    return std::nullopt;
}

void bind_room(sql::Statement& statement, const Store::RoomRow& row) {
    const auto& room = row.room;
    statement.bind(1, room.name).bind(2, name_of(room.access)).bind(3, room.pin);
    statement.bind(4, room.host_pin).bind(5, row.video);
    statement.bind(6, name_of(room.encryption));
    statement.bind(7, static_cast<std::int64_t>(room.speakers_max));
    statement.bind(8, text_of(room.care)).bind(9, std::int64_t{room.spatial});
    statement.bind(10, static_cast<std::int64_t>(room.history));
}

} // namespace

std::optional<Fault> Store::add_room(const RoomRow& row) {
    if (auto fault = fault_in(row.room)) return fault;
    auto statement = database_.prepare(
        "INSERT INTO room (name, access, pin, host_pin, video, encryption, speakers_max, "
        "sound, spatial, history) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    bind_room(statement, row);
    return write(statement, "there is a room of that name");
}

std::optional<Fault> Store::change_room(const RoomRow& row) {
    if (auto fault = fault_in(row.room)) return fault;
    sql::Transaction transaction(database_);
    auto statement = database_.prepare(
        "UPDATE room SET access = ?2, pin = ?3, host_pin = ?4, video = ?5, encryption = ?6, "
        "speakers_max = ?7, sound = ?8, spatial = ?9, history = ?10 WHERE name = ?1");
    bind_room(statement, row);
    if (auto fault = write(statement, "the room contradicts itself")) return fault;
    const auto after = room(row.room.name);
    if (!after) return Fault{"there is no room " + row.room.name, 0};
    if (auto wrong = focus::contradiction(*after)) return Fault{std::move(*wrong), 0};
    transaction.commit();
    return std::nullopt;
}

bool Store::remove_room(std::string_view name) {
    database_.prepare("DELETE FROM room WHERE name = ?").bind(1, name).step();
    return database_.changes() > 0;
}

std::vector<protection::Ban> Store::bans() {
    auto rows = database_.prepare("SELECT address, until, why FROM ban ORDER BY until");
    std::vector<protection::Ban> out;
    while (rows.step())
        if (const auto address = IpAddress::parse(rows.text(0)))
            out.push_back({*address, WallTime(Duration(rows.number(1))), rows.text(2)});
    return out;
}

void Store::add_ban(const protection::Ban& ban) {
    database_.prepare("INSERT OR REPLACE INTO ban VALUES (?, ?, ?)")
        .bind(1, ban.address.to_string())
        .bind(2, ban.until.time_since_epoch().count())
        .bind(3, ban.why)
        .step();
}

bool Store::remove_ban(const IpAddress& address) {
    database_.prepare("DELETE FROM ban WHERE address = ?").bind(1, address.to_string()).step();
    return database_.changes() > 0;
}

std::string Store::secret(std::string_view name, Entropy& entropy) {
    // Whoever comes first has made it, also if two start at the same time.
    database_.prepare("INSERT OR IGNORE INTO setting (name, value) VALUES (?, ?)")
        .bind(1, name)
        .bind(2, entropy.hex(32))
        .step();
    auto statement = database_.prepare("SELECT value FROM setting WHERE name = ?");
    statement.bind(1, name);
    statement.step();
    return octets_of_hex(statement.text(0));
}

std::string Store::web_address() {
    auto statement = database_.prepare("SELECT value FROM setting WHERE name = 'web-address'");
    return statement.step() ? statement.text(0) : std::string();
}

void Store::set_web_address(const SocketAddress& address) {
    database_.prepare("INSERT OR REPLACE INTO setting (name, value) VALUES ('web-address', ?)")
        .bind(1, address.to_string())
        .step();
}

std::vector<std::string> Store::users() {
    auto statement = database_.prepare("SELECT name FROM user ORDER BY name");
    std::vector<std::string> out;
    while (statement.step()) out.push_back(statement.text(0));
    return out;
}

namespace {

constexpr std::string_view user_query =
    "SELECT user.name, language, role, do_not_disturb, always, busy, no_answer, unreachable, "
    "ifnull(no_answer_after_s, 20) FROM user LEFT JOIN forwarding ON forwarding.user = user.name ";

UserRow read_user(const sql::Statement& row) {
    UserRow out{row.text(0), row.text(1), row.text(2) == "administrator", row.number(3) != 0};
    out.forwarding = {row.text(4), row.text(5), row.text(6), row.text(7),
                      std::chrono::seconds(row.number(8))};
    return out;
}

} // namespace

/// What stands in other tables, for all of them at once: users in the order of their names.
void Store::complete(std::vector<UserRow>& users) {
    if (users.empty()) return;
    const auto each_line = [&](std::string_view query, auto&& take) {
        auto rows = database_.prepare(query);
        rows.bind(1, users.front().name).bind(2, users.back().name);
        auto user = users.begin();
        while (rows.step()) {
            const auto name = rows.text(0);
            while (user != users.end() && user->name < name) ++user;
            if (user == users.end()) return;
            if (user->name == name) take(*user, rows);
        }
    };
    each_line("SELECT user, count(*) FROM binding WHERE user BETWEEN ? AND ? GROUP BY user",
              [](UserRow& user, const sql::Statement& row) { user.devices = row.number(1); });
    each_line("SELECT user, target, ring_for_s FROM find_step WHERE user BETWEEN ? AND ? ORDER BY "
              "user, position",
              [](UserRow& user, const sql::Statement& row) {
                  user.steps.push_back({row.text(1), std::chrono::seconds(row.number(2))});
              });
    each_line("SELECT user, \"group\" FROM group_member WHERE user BETWEEN ? AND ? ORDER BY user",
              [](UserRow& user, const sql::Statement& row) { user.groups.push_back(row.text(1)); });
    each_line(
        "SELECT target, name FROM alias WHERE target BETWEEN ? AND ? ORDER BY target",
        [](UserRow& user, const sql::Statement& row) { user.numbers.push_back(row.text(1)); });
}

std::vector<UserRow> Store::user_rows(std::string_view after, std::size_t limit,
                                      std::string_view text) {
    auto rows = database_.prepare(
        std::string(user_query) +
        "WHERE user.name > ?1 AND (?2 = '' OR instr(lower(user.name), ?2) OR EXISTS (SELECT 1 "
        "FROM group_member WHERE group_member.user = user.name AND instr(lower(\"group\"), ?2)) "
        "OR EXISTS (SELECT 1 FROM alias WHERE target = user.name AND instr(alias.name, ?2))) "
        "ORDER BY user.name LIMIT ?3");
    rows.bind(1, after).bind(2, to_lower(text)).bind(3, static_cast<std::int64_t>(limit));
    std::vector<UserRow> out;
    while (rows.step()) out.push_back(read_user(rows));
    complete(out);
    return out;
}

std::optional<UserRow> Store::user_row(std::string_view name) {
    auto row = database_.prepare(std::string(user_query) + "WHERE user.name = ?");
    if (!row.bind(1, name).step()) return std::nullopt;
    std::vector<UserRow> out{read_user(row)};
    complete(out);
    return out.front();
}

std::optional<Fault> Store::add_user(std::string_view name, std::string_view password) {
    if (!is_name(name)) return not_a_name("a user");
    if (password.empty()) return Fault{"the password is empty", 0};
    auto statement =
        database_.prepare("INSERT INTO user (name, ha1_sha256, ha1_md5) VALUES (?, ?, ?)");
    statement.bind(1, name);
    statement.bind(2, sip::digest_ha1(sip::DigestAlgorithm::sha256, name, realm_, password));
    statement.bind(3, sip::digest_ha1(sip::DigestAlgorithm::md5, name, realm_, password));
    return write(statement, "there is a user of that name");
}

bool Store::is_administrator(std::string_view user) {
    auto row = database_.prepare("SELECT 1 FROM user WHERE name = ? AND role = 'administrator'");
    return row.bind(1, user).step();
}

bool Store::set_administrator(std::string_view user, bool administrator) {
    auto statement = database_.prepare("UPDATE user SET role = ? WHERE name = ?");
    statement.bind(1, administrator ? "administrator" : "member").bind(2, user).step();
    return database_.changes() > 0;
}

std::optional<Fault> Store::change_password(std::string_view name, std::string_view password) {
    if (password.empty()) return Fault{"the password is empty", 0};
    auto statement =
        database_.prepare("UPDATE user SET ha1_sha256 = ?, ha1_md5 = ? WHERE name = ?");
    statement.bind(1, sip::digest_ha1(sip::DigestAlgorithm::sha256, name, realm_, password));
    statement.bind(2, sip::digest_ha1(sip::DigestAlgorithm::md5, name, realm_, password));
    statement.bind(3, name);
    statement.step();
    if (database_.changes() == 0) return Fault{"there is no user of that name", 0};
    return std::nullopt;
}

bool Store::remove_user(std::string_view name) {
    database_.prepare("DELETE FROM user WHERE name = ?").bind(1, name).step();
    return database_.changes() > 0;
}

} // namespace lyceum::store
