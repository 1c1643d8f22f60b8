// SPDX-License-Identifier: Apache-2.0
#include "server/focus/policy.hpp"

#include "base/text.hpp"
#include "server/focus/directory.hpp"

#include <algorithm>

namespace lyceum::focus {
namespace {

constexpr std::array role_names{"host", "speaker", "listener"};

constexpr std::array<std::string_view, 2> switch_names{"off", "on"};
constexpr std::array<std::string_view, 4> who_names{"nobody", "hosts", "members", "everybody"};
constexpr std::array<std::string_view, 3> lobby_names{"off", "guests", "everybody"};
constexpr std::array<std::string_view, 3> join_names{"none", "tone", "name"};
constexpr std::array<std::string_view, 3> languages{"en", "de", "es"};

template <class Value, std::size_t N>
bool choose(Value& out, std::string_view text, const std::array<std::string_view, N>& names) {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) return false;
    out = static_cast<Value>(found - names.begin());
    return true;
}

template <class Value, std::size_t N>
std::string chosen(Value value, const std::array<std::string_view, N>& names) {
    return std::string(names[static_cast<std::size_t>(value)]);
}

std::optional<unsigned> number(std::string_view text, unsigned least, unsigned most) {
    const auto value = parse_number<unsigned>(text);
    return value && *value >= least && *value <= most ? value : std::nullopt;
}

template <class Length>
bool set_length(Length& out, std::string_view text, unsigned most) {
    const auto value = number(text, 0, most);
    if (value) out = Length(*value);
    return value.has_value();
}

constexpr Setting table[] = {
    {"guests", "on|off", false,
     [](Policy& p, std::string_view v) { return choose(p.guests, v, switch_names); },
     [](const Policy& p) { return chosen(p.guests, switch_names); }},
    {"lobby", "off|guests|everybody", false,
     [](Policy& p, std::string_view v) { return choose(p.lobby, v, lobby_names); },
     [](const Policy& p) { return chosen(p.lobby, lobby_names); }},
    {"speak", "nobody|hosts|members|everybody", false,
     [](Policy& p, std::string_view v) { return choose(p.speak, v, who_names); },
     [](const Policy& p) { return chosen(p.speak, who_names); }},
    {"lecture", "on|off", false,
     [](Policy& p, std::string_view v) { return choose(p.lecture, v, switch_names); },
     [](const Policy& p) { return chosen(p.lecture, switch_names); }},
    {"start-muted", "on|off", true,
     [](Policy& p, std::string_view v) { return choose(p.start_muted, v, switch_names); },
     [](const Policy& p) { return chosen(p.start_muted, switch_names); }},
    {"joins", "none|tone|name", true,
     [](Policy& p, std::string_view v) { return choose(p.joins, v, join_names); },
     [](const Policy& p) { return chosen(p.joins, join_names); }},
    {"dial-out", "nobody|hosts|members|everybody", false,
     [](Policy& p, std::string_view v) { return choose(p.dial_out, v, who_names); },
     [](const Policy& p) { return chosen(p.dial_out, who_names); }},
    {"participants-max", "1 to 100000", false,
     [](Policy& p, std::string_view v) {
         const auto value = number(v, 1, 100'000);
         if (value) p.participants_max = *value;
         return value.has_value();
     },
     [](const Policy& p) { return std::to_string(p.participants_max); }},
    {"end-after-host", "seconds, 0: never", false,
     [](Policy& p, std::string_view v) { return set_length(p.end_after_host, v, 86'400); },
     [](const Policy& p) { return std::to_string(p.end_after_host.count()); }},
    {"time-limit", "minutes, 0: none", false,
     [](Policy& p, std::string_view v) { return set_length(p.time_limit, v, 10'080); },
     [](const Policy& p) { return std::to_string(p.time_limit.count()); }},
    {"language", "en|de|es", true,
     [](Policy& p, std::string_view v) {
         const bool known = std::find(languages.begin(), languages.end(), v) != languages.end();
         if (known) p.language = v;
         return known;
     },
     [](const Policy& p) { return p.language; }},
};

} // namespace

std::string_view name_of(Role role) { return role_names[static_cast<std::size_t>(role)]; }

std::optional<Role> role_of(std::string_view name) {
    const auto found = std::find(role_names.begin(), role_names.end(), name);
    if (found == role_names.end()) return std::nullopt;
    return static_cast<Role>(found - role_names.begin());
}

std::span<const Setting> settings() { return table; }

const Setting* find_setting(std::string_view name) {
    const auto* found = std::find_if(std::begin(table), std::end(table),
                                     [&](const Setting& each) { return each.name == name; });
    return found == std::end(table) ? nullptr : found;
}

RoomPolicy resolve(std::span<const PolicyRow> rows, std::string_view room) {
    const auto apply = [&](Policy& to, std::string_view of, std::string_view role) {
        for (const auto& row : rows)
            if (const auto* setting = find_setting(row.name);
                setting && iequals(row.room, of) && row.role == role)
                setting->set(to, row.value);
    };
    RoomPolicy out;
    apply(out.all, "", "");
    apply(out.all, room, "");
    for (const auto role : roles) {
        auto& policy = out.by_role[static_cast<std::size_t>(role)];
        apply(policy, "", "");
        apply(policy, "", name_of(role));
        apply(policy, room, "");
        apply(policy, room, name_of(role));
    }
    return out;
}

std::optional<std::string> contradiction(const Room& room) {
    const auto& policy = room.policy.all;
    const bool has_host = !room.host_pin.empty() ||
                          std::any_of(room.roles.begin(), room.roles.end(),
                                      [](const auto& each) { return each.second == Role::host; });
    if (!policy.guests && policy.lobby == Lobby::guests)
        return "guests do not come in, so none of them can wait in the lobby";
    if (has_host) return std::nullopt;
    if (policy.lobby != Lobby::off) return "there is no host who could let anybody in";
    if (policy.lecture || policy.speak == Who::nobody || policy.speak == Who::hosts)
        return "there is no host, and nobody else may speak";
    if (policy.end_after_host > std::chrono::seconds(0))
        return "there is no host after whom it could end";
    return std::nullopt;
}

} // namespace lyceum::focus
