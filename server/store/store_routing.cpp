// SPDX-License-Identifier: Apache-2.0
/// The part of Store that says where calls go.
#include "server/focus/focus.hpp"
#include "server/store/names.hpp"
#include "server/store/store.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::store {
namespace {

Fault not_dialled(std::string_view target) {
    return Fault{"neither a name nor a SIP URI: " + std::string(target), 0};
}

} // namespace

bool can_be_dialled(std::string_view target) {
    if (is_name(target)) return true;
    const auto uri = sip::Uri::parse(target);
    return uri && target.size() <= 256 && uri->headers.empty() &&
           (uri->is_sip() || uri->scheme == sip::Uri::Scheme::tel);
}

bool Store::is_room(std::string_view name) {
    return iequals(name, focus::Focus::echo_name) || room(name).has_value();
}

std::optional<routing::Member> Store::member(std::string_view name) {
    std::optional<routing::Member> out;
    find_member_.reset();
    find_member_.bind(1, name);
    while (find_member_.step()) {
        if (!out) {
            out.emplace();
            auto& set = out->forwarding;
            set.always = find_member_.text(0);
            set.busy = find_member_.text(1);
            set.no_answer = find_member_.text(2);
            set.unreachable = find_member_.text(3);
            set.no_answer_after = std::chrono::seconds(find_member_.number(4));
            out->do_not_disturb = find_member_.number(7) != 0;
        }
        if (auto target = find_member_.text(5); !target.empty())
            out->steps.push_back({std::move(target), std::chrono::seconds(find_member_.number(6))});
    }
    find_member_.reset();
    return out;
}

std::optional<std::string> Store::alias(std::string_view name) {
    find_alias_.reset();
    find_alias_.bind(1, name);
    std::optional<std::string> out;
    if (find_alias_.step()) out = find_alias_.text(0);
    find_alias_.reset();
    return out;
}

std::vector<std::pair<std::string, std::string>> Store::aliases() {
    auto rows = database_.prepare("SELECT name, target FROM alias ORDER BY name");
    std::vector<std::pair<std::string, std::string>> out;
    while (rows.step()) out.emplace_back(rows.text(0), rows.text(1));
    return out;
}

std::optional<Fault> Store::add_alias(std::string_view name, std::string_view target) {
    if (!is_name(name)) return not_a_name("an alias");
    if (!can_be_dialled(target)) return not_dialled(target);
    if (is_room(name) || member(name)) return Fault{"there is a room or a user of that name", 0};
    auto statement = database_.prepare("INSERT INTO alias (name, target) VALUES (?, ?)");
    statement.bind(1, name).bind(2, target);
    return write(statement, "there is an alias of that name");
}

bool Store::remove_alias(std::string_view name) {
    database_.prepare("DELETE FROM alias WHERE name = ?").bind(1, name).step();
    return database_.changes() > 0;
}

std::vector<routing::NumberRoute> Store::number_routes() {
    auto rows = database_.prepare("SELECT pattern, target, strip, add_digits, redirects, "
                                  "for_members FROM number_route ORDER BY pattern");
    std::vector<routing::NumberRoute> out;
    while (rows.step())
        out.push_back({rows.text(0), rows.text(1), static_cast<unsigned>(rows.number(2)),
                       rows.text(3), rows.number(4) != 0, rows.number(5) != 0});
    return out;
}

std::optional<Fault> Store::add_number_route(const routing::NumberRoute& route) {
    if (auto fault = route.fault(); !fault.empty()) return Fault{std::move(fault), 0};
    if (const std::string trunk(route.trunk()); !trunk.empty()) {
        const auto all = trunks();
        const auto is_meant = [&](const trunk::Trunk& each) { return iequals(each.name, trunk); };
        if (std::none_of(all.begin(), all.end(), is_meant))
            return Fault{"there is no trunk " + trunk, 0};
    } else if (!can_be_dialled(route.target_with("1"))) {
        return not_dialled(route.target);
    }
    auto statement = database_.prepare("INSERT INTO number_route VALUES (?, ?, ?, ?, ?, ?)");
    statement.bind(1, route.pattern).bind(2, route.target).bind(3, std::int64_t{route.strip});
    statement.bind(4, route.add).bind(5, std::int64_t{route.redirects});
    statement.bind(6, std::int64_t{route.for_members});
    return write(statement, "there is a route of that pattern");
}

bool Store::remove_number_route(std::string_view pattern) {
    database_.prepare("DELETE FROM number_route WHERE pattern = ?").bind(1, pattern).step();
    return database_.changes() > 0;
}

std::optional<Fault> Store::set_forwarding(std::string_view user, const routing::Forwarding& set) {
    if (!member(user)) return Fault{"there is no user of that name", 0};
    for (const auto* target : {&set.always, &set.busy, &set.no_answer, &set.unreachable})
        if (!target->empty() && !can_be_dialled(*target)) return not_dialled(*target);
    auto statement = database_.prepare("INSERT OR REPLACE INTO forwarding VALUES (?,?,?,?,?,?)");
    statement.bind(1, user).bind(2, set.always).bind(3, set.busy).bind(4, set.no_answer);
    statement.bind(5, set.unreachable).bind(6, std::int64_t{set.no_answer_after / 1s});
    return write(statement, "a phone rings for 1 to 180 seconds");
}

bool Store::set_do_not_disturb(std::string_view user, bool on) {
    auto statement = database_.prepare("UPDATE user SET do_not_disturb = ? WHERE name = ?");
    statement.bind(1, std::int64_t{on}).bind(2, user).step();
    return database_.changes() > 0;
}

std::optional<Fault> Store::set_steps(std::string_view user,
                                      const std::vector<routing::Step>& steps) {
    if (!member(user)) return Fault{"there is no user of that name", 0};
    static constexpr std::size_t steps_max = 10;
    if (steps.size() > steps_max) return Fault{"at most ten places", 0};
    for (const auto& step : steps) {
        if (!can_be_dialled(step.target)) return not_dialled(step.target);
        if (step.ring_for < 1s || step.ring_for > 180s)
            return Fault{"a phone rings for 1 to 180 seconds", 0};
    }
    sql::Transaction transaction(database_);
    database_.prepare("DELETE FROM find_step WHERE user = ?").bind(1, user).step();
    std::int64_t position = 0;
    for (const auto& step : steps)
        database_.prepare("INSERT INTO find_step VALUES (?, ?, ?, ?)")
            .bind(1, user)
            .bind(2, position++)
            .bind(3, step.target)
            .bind(4, std::int64_t{step.ring_for / 1s})
            .step();
    transaction.commit();
    return std::nullopt;
}

} // namespace lyceum::store
