// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::focus {

/// What a participant is in a room: who leads it, who may speak, who listens until he is called up.
enum class Role { host, speaker, listener };
inline constexpr std::array roles{Role::host, Role::speaker, Role::listener};
std::string_view name_of(Role role);
std::optional<Role> role_of(std::string_view name);

enum class Who { nobody, hosts, members, everybody };
enum class Lobby { off, guests, everybody };
enum class JoinSound { none, tone, name };

/// The rules of a room. Who is a member is known by his password or his registered phone, never by
/// what his From says; who is not is a guest.
struct Policy {
    bool guests = true;                    ///< Else only members come in.
    Lobby lobby = Lobby::off;              ///< Who waits until a host lets him in.
    Who speak = Who::everybody;            ///< Who may unmute himself; others are listeners.
    bool lecture = false;                  ///< Hosts speak, and whom they call up.
    bool start_muted = false;              ///< He may unmute himself if he may speak.
    JoinSound joins = JoinSound::none;     ///< What the room hears of who comes and goes.
    Who dial_out = Who::hosts;             ///< Who may have others called.
    std::size_t participants_max = 5000;   ///< 1 to 100,000.
    std::chrono::seconds end_after_host{}; ///< After the last host has left; 0: it goes on.
    std::chrono::minutes time_limit{};     ///< From its first participant on; 0: none.
    std::string language = "en";           ///< That the room speaks: en, de or es.

    bool operator==(const Policy&) const = default;
};

/// One line of it, by the name that people type.
struct Setting {
    std::string_view name, values; ///< "lobby", "off|guests|everybody".
    bool per_role;                 ///< May differ between the roles of one room.
    bool (*set)(Policy& policy, std::string_view value);
    std::string (*text)(const Policy& policy);
};
std::span<const Setting> settings();
const Setting* find_setting(std::string_view name);

/// What was set somewhere: for the organisation (no room), or a room; for everybody (no role) or a
/// role in it.
struct PolicyRow {
    std::string room, role, name, value;

    bool operator==(const PolicyRow&) const = default;
};

/// The rules as they are for each role, what is said more closely before what is said in general:
/// role in the room, room, role in the organisation, organisation.
struct RoomPolicy {
    Policy all;
    std::array<Policy, roles.size()> by_role;

    [[nodiscard]] const Policy& of(Role role) const {
        return by_role[static_cast<std::size_t>(role)];
    }
    bool operator==(const RoomPolicy&) const = default;
};
RoomPolicy resolve(std::span<const PolicyRow> rows, std::string_view room);

} // namespace lyceum::focus
