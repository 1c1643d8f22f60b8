// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "server/events/timetable.hpp"
#include "server/focus/directory.hpp"
#include "server/identity/identity.hpp"
#include "server/routing/groups.hpp"
#include "server/routing/router.hpp"
#include "server/trunk/trunks.hpp"
#include "sql/database.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::store {

/// A user with what is set for him.
struct UserRow {
    std::string name, language;
    bool administrator = false, do_not_disturb = false;
    std::int64_t devices = 0; ///< That have registered.
    routing::Forwarding forwarding;
    std::vector<routing::Step> steps;         ///< Where he is looked for, one after the other.
    std::vector<std::string> groups, numbers; ///< Numbers: aliases that lead to him.
};

/// Rooms, users, where they are found, and settings in SQLite: what the focus, Identity and the
/// router ask, and what the command line changes. Reads are single look-ups by key in WAL mode,
/// which wait for no writer; another process (the command line) may write at any time and is seen
/// by the next look-up.
class Store final : public focus::Directory,
                    public identity::Credentials,
                    public routing::Directory {
public:
    /// Opens or creates `lyceum.db` in the data directory. Throws sql::Error.
    explicit Store(const std::string& data_directory);

    std::optional<focus::Room> room(std::string_view name) override;
    std::optional<sip::StoredCredentials> credentials(std::string_view user) override;
    bool is_administrator(std::string_view user) override;

    bool is_room(std::string_view name) override;
    std::optional<routing::Member> member(std::string_view name) override;
    std::optional<std::string> alias(std::string_view name) override;
    std::vector<routing::NumberRoute> number_routes() override;

    /// Another number once something about names has been written: rooms, users, their passwords,
    /// where they are found, the dial plan.
    std::int64_t directory_changes();

    /// A row of `lyceum room list`.
    struct RoomRow {
        focus::Room room;
        std::string video;
    };
    std::vector<RoomRow> rooms();
    /// Those after that name, of whose name this text is a part.
    std::vector<RoomRow> room_rows(std::string_view after, std::size_t limit,
                                   std::string_view text);
    std::optional<RoomRow> room_row(std::string_view name);
    std::optional<Fault> add_room(const RoomRow& row);
    std::optional<Fault> change_room(const RoomRow& row);
    std::map<std::string, focus::Role> room_roles(std::string_view room);
    bool remove_room(std::string_view name);

    /// What is set for a room and for the organisation.
    std::vector<focus::PolicyRow> policy(std::string_view room);
    /// A fault if it is not understood, or contradicts what else is set.
    std::optional<Fault> set_policy(const focus::PolicyRow& row);
    bool clear_policy(const focus::PolicyRow& row);
    /// None: no role of his own.
    std::optional<Fault> set_room_role(std::string_view room, std::string_view user,
                                       std::optional<focus::Role> role);
    std::string language_of(std::string_view user); ///< Empty: none in particular.
    std::optional<Fault> set_language(std::string_view user, std::string_view language);

    std::vector<std::string> users();
    /// Those after that name, in whose name, groups or numbers this text is.
    std::vector<UserRow> user_rows(std::string_view after, std::size_t limit,
                                   std::string_view text);
    std::optional<UserRow> user_row(std::string_view name);
    /// Keeps HA1s and forgets the password. A fault if the name is taken (add) or unknown (change).
    std::optional<Fault> add_user(std::string_view name, std::string_view password);
    std::optional<Fault> change_password(std::string_view name, std::string_view password);
    bool remove_user(std::string_view name);
    bool set_administrator(std::string_view user, bool administrator);

    /// Name and target of each.
    std::vector<std::pair<std::string, std::string>> aliases();
    std::optional<Fault> add_alias(std::string_view name, std::string_view target);
    bool remove_alias(std::string_view name);
    std::optional<Fault> add_number_route(const routing::NumberRoute& route);
    bool remove_number_route(std::string_view pattern);
    /// A fault if there is no such member or a target is nothing that can be dialled.
    std::optional<Fault> set_forwarding(std::string_view user, const routing::Forwarding& set);
    bool set_do_not_disturb(std::string_view user, bool on);
    std::optional<Fault> set_steps(std::string_view user, const std::vector<routing::Step>& steps);

    routing::Groups groups();
    std::optional<Fault> add_group(std::string_view name);
    bool remove_group(std::string_view name);
    std::optional<Fault> join_group(std::string_view group, std::string_view user);
    bool leave_group(std::string_view group, std::string_view user);

    struct SoundRow {
        std::string name;
        std::size_t bytes;
    };
    static constexpr std::size_t sound_bytes_max = 16 * 1024 * 1024;
    std::vector<SoundRow> sounds();
    std::shared_ptr<const Bytes> sound(std::string_view name); ///< None: there is none.
    /// An Opus file, in the place of the one of its name.
    std::optional<Fault> set_sound(std::string_view name, ByteView file);
    bool remove_sound(std::string_view name);

    std::vector<events::Lesson> lessons();
    /// In the place of the one of its number; 0: a new one.
    std::optional<Fault> put_lesson(const events::Lesson& lesson);
    bool remove_lesson(std::int64_t id);

    std::vector<trunk::Trunk> trunks();
    /// A row of `lyceum trunk list`: what the server has last seen of it, too.
    struct TrunkRow {
        trunk::Trunk trunk;
        std::string registration;
        std::vector<std::string> states; ///< Of the gateways.
    };
    std::vector<TrunkRow> trunk_rows();
    std::optional<Fault> add_trunk(const trunk::Trunk& trunk);
    std::optional<Fault> change_trunk(const trunk::Trunk& trunk); ///< All but its gateways.
    std::optional<Fault> add_gateway(std::string_view trunk, const trunk::Gateway& gateway);
    bool remove_gateway(std::string_view trunk, std::string_view uri);
    /// A fault if there is none, or a route leads there.
    std::optional<Fault> remove_trunk(std::string_view name);
    void set_state(const trunk::Trunks::Changed& changed);
    /// The number of a member as the world dials it: an alias that is one; empty: none.
    std::string number_of(std::string_view member);

    /// 32 octets that nobody else knows, the same at each start; made when first asked for.
    std::string secret(std::string_view name, Entropy& entropy);

    /// Where the web port of the server that runs here is reached from this machine; empty: there
    /// has been none.
    std::string web_address();
    void set_web_address(const SocketAddress& address);

    /// The addresses that are not answered, until when and why.
    std::vector<protection::Ban> bans();
    void add_ban(const protection::Ban& ban);
    bool remove_ban(const IpAddress& address);

    /// How long it waits for who writes.
    void set_patience(std::chrono::milliseconds patience) { database_.set_patience(patience); }
    /// Until it is committed, what is written is seen by nobody else, and goes if it is not.
    [[nodiscard]] sql::Transaction transaction() { return sql::Transaction(database_); }

    [[nodiscard]] const std::string& realm() const { return realm_; }

private:
    void read_rules(focus::Room& room);
    void complete(std::vector<UserRow>& users);

    sql::Database database_;
    sql::Statement find_room_, find_policy_, find_roles_, find_user_, find_member_, find_alias_,
        directory_changes_;
    std::string realm_;
};

std::string_view name_of(focus::Access access);
std::optional<focus::Access> access_of(std::string_view name);
std::string_view name_of(sdp::Protection protection);
std::optional<sdp::Protection> protection_of(std::string_view name);
/// "gain,high-pass,noise", any of them; empty for none.
std::string text_of(const mixer::SoundCareOptions& care);
std::optional<mixer::SoundCareOptions> care_of(std::string_view text);

} // namespace lyceum::store
