// SPDX-License-Identifier: Apache-2.0
/// The part of Store that knows the trunks.
#include "server/store/names.hpp"
#include "server/store/store.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::store {
namespace {

/// It stands where the host of a URI is.
bool is_trunk_name(std::string_view name) {
    return !name.empty() && name.size() <= 32 &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_gateway_uri(std::string_view text) {
    const auto uri = sip::Uri::parse(text);
    return uri && uri->is_sip() && uri->user.empty() && uri->headers.empty() && text.size() <= 256;
}

std::vector<IpAddress> addresses_in(std::string_view list) {
    std::vector<IpAddress> out;
    while (!list.empty())
        if (const auto address = IpAddress::parse(trim(cut(list, ',')))) out.push_back(*address);
    return out;
}

std::string text_of(const std::vector<IpAddress>& addresses) {
    std::string out;
    for (const auto& address : addresses)
        out.append(out.empty() ? "" : ",").append(address.to_string());
    return out;
}

std::string fault_in(const trunk::Trunk& trunk) {
    if (!is_trunk_name(trunk.name)) return "a trunk's name has 1 to 32 letters, digits or -";
    for (const auto* number : {&trunk.caller, &trunk.login.user})
        if (!number->empty() && !is_name(*number)) return "not a number or a name: " + *number;
    if (!trunk.inbound.empty() && !can_be_dialled(trunk.inbound))
        return "neither a name nor a SIP URI: " + trunk.inbound;
    if (trunk.calls_max < 1 || trunk.calls_max > 10'000) return "a trunk carries 1 to 10000 calls";
    if (trunk.registers && trunk.login.user.empty()) return "who registers needs a user";
    return {};
}

void bind(sql::Statement& statement, const trunk::Trunk& trunk) {
    statement.bind(1, trunk.name).bind(2, trunk.login.user).bind(3, trunk.login.password);
    statement.bind(4, std::int64_t{trunk.registers}).bind(5, trunk.caller);
    statement.bind(6, trunk.inbound).bind(7, static_cast<std::int64_t>(trunk.calls_max));
    statement.bind(8, text_of(trunk.sources)).bind(9, std::int64_t{trunk.trusted});
}

} // namespace

std::vector<trunk::Trunk> Store::trunks() {
    std::vector<trunk::Trunk> out;
    for (auto& row : trunk_rows()) out.push_back(std::move(row.trunk));
    return out;
}

std::vector<Store::TrunkRow> Store::trunk_rows() {
    auto rows = database_.prepare("SELECT name, user, password, registers, caller, inbound, "
                                  "calls_max, sources, trusted, registration FROM trunk "
                                  "ORDER BY name");
    std::vector<TrunkRow> out;
    while (rows.step()) {
        auto& trunk = out.emplace_back().trunk;
        trunk.name = rows.text(0);
        trunk.login = {rows.text(1), rows.text(2)};
        trunk.registers = rows.number(3) != 0;
        trunk.caller = rows.text(4);
        trunk.inbound = rows.text(5);
        trunk.calls_max = static_cast<std::size_t>(rows.number(6));
        trunk.sources = addresses_in(rows.text(7));
        trunk.trusted = rows.number(8) != 0;
        out.back().registration = rows.text(9);
    }
    for (auto& row : out) {
        auto gateways = database_.prepare("SELECT uri, priority, weight, state FROM gateway "
                                          "WHERE trunk = ? ORDER BY priority, uri");
        gateways.bind(1, row.trunk.name);
        while (gateways.step()) {
            row.trunk.gateways.push_back({gateways.text(0),
                                          static_cast<unsigned>(gateways.number(1)),
                                          static_cast<unsigned>(gateways.number(2))});
            row.states.push_back(gateways.text(3));
        }
    }
    return out;
}

std::optional<Fault> Store::add_trunk(const trunk::Trunk& trunk) {
    if (auto fault = fault_in(trunk); !fault.empty()) return Fault{std::move(fault), 0};
    auto statement = database_.prepare(
        "INSERT INTO trunk (name, user, password, registers, caller, inbound, calls_max, sources, "
        "trusted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    bind(statement, trunk);
    return write(statement, "there is a trunk of that name");
}

std::optional<Fault> Store::change_trunk(const trunk::Trunk& trunk) {
    if (auto fault = fault_in(trunk); !fault.empty()) return Fault{std::move(fault), 0};
    auto statement = database_.prepare(
        "UPDATE trunk SET user = ?2, password = ?3, registers = ?4, caller = ?5, inbound = ?6, "
        "calls_max = ?7, sources = ?8, trusted = ?9 WHERE name = ?1");
    bind(statement, trunk);
    statement.step();
    return std::nullopt;
}

std::optional<Fault> Store::add_gateway(std::string_view trunk, const trunk::Gateway& gateway) {
    if (!is_gateway_uri(gateway.uri))
        return Fault{"a gateway is a SIP URI without a user, such as sip:gw.example.net", 0};
    if (gateway.priority < 1 || gateway.priority > 65535 || gateway.weight > 65535)
        return Fault{"a priority is 1 to 65535, a weight 0 to 65535", 0};
    auto statement =
        database_.prepare("INSERT INTO gateway (trunk, uri, priority, weight) VALUES (?, ?, ?, ?)");
    statement.bind(1, trunk).bind(2, gateway.uri).bind(3, std::int64_t{gateway.priority});
    statement.bind(4, std::int64_t{gateway.weight});
    return write(statement, "there is no such trunk, or it has that gateway");
}

bool Store::remove_gateway(std::string_view trunk, std::string_view uri) {
    auto statement = database_.prepare("DELETE FROM gateway WHERE trunk = ? AND uri = ?");
    statement.bind(1, trunk).bind(2, uri).step();
    return database_.changes() > 0;
}

std::optional<Fault> Store::remove_trunk(std::string_view name) {
    for (const auto& route : number_routes())
        if (iequals(route.trunk(), name))
            return Fault{"the route " + route.pattern + " leads there; remove it first", 0};
    database_.prepare("DELETE FROM trunk WHERE name = ?").bind(1, name).step();
    if (database_.changes() > 0) return std::nullopt;
    return Fault{"there is no trunk " + std::string(name), 0};
}

void Store::set_state(const trunk::Trunks::Changed& changed) {
    const bool of_trunk = changed.gateway.empty();
    auto statement = database_.prepare(of_trunk ? "UPDATE trunk SET registration = ? WHERE name = ?"
                                                : "UPDATE gateway SET state = ? WHERE trunk = ? "
                                                  "AND uri = ?");
    statement.bind(1, changed.state).bind(2, changed.trunk);
    if (!of_trunk) statement.bind(3, changed.gateway);
    statement.step();
}

/// Of the numbers that are a member's by an alias, the first.
std::string Store::number_of(std::string_view member) {
    auto rows = database_.prepare("SELECT name FROM alias WHERE target = ? COLLATE NOCASE AND name "
                                  "GLOB '+[0-9]*' ORDER BY name LIMIT 1");
    rows.bind(1, member);
    return rows.step() ? rows.text(0) : std::string();
}

} // namespace lyceum::store
