// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "server/focus/directory.hpp"
#include "server/identity/identity.hpp"
#include "sql/database.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::store {

/// Rooms, users and settings in SQLite: what the focus and Identity ask, and what the command line
/// changes. Reads are single look-ups by key in WAL mode, which wait for no writer; another process
/// (the command line) may write at any time and is seen by the next look-up.
class Store final : public focus::Directory, public identity::Credentials {
public:
    /// Opens or creates `lyceum.db` in the data directory. Throws sql::Error.
    explicit Store(const std::string& data_directory);

    std::optional<focus::Room> room(std::string_view name) override;
    std::optional<sip::StoredCredentials> credentials(std::string_view user) override;

    /// A row of `lyceum room list`.
    struct RoomRow {
        focus::Room room;
        std::string video;
    };
    std::vector<RoomRow> rooms();
    std::optional<Fault> add_room(const RoomRow& row);
    bool remove_room(std::string_view name);

    std::vector<std::string> users();
    /// Keeps HA1s and forgets the password. A fault if the name is taken (add) or unknown (change).
    std::optional<Fault> add_user(std::string_view name, std::string_view password);
    std::optional<Fault> change_password(std::string_view name, std::string_view password);
    bool remove_user(std::string_view name);

    /// The addresses that are not answered, until when and why.
    std::vector<protection::Ban> bans();
    void add_ban(const protection::Ban& ban);
    bool remove_ban(const IpAddress& address);

    [[nodiscard]] const std::string& realm() const { return realm_; }

private:
    sql::Database database_;
    sql::Statement find_room_, find_user_;
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
