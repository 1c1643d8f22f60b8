// SPDX-License-Identifier: Apache-2.0
/// Where numbers lead: aliases, the dial plan, trunks; and who is not answered.
#include "server/web/tables.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::web {
namespace {

using Type = Field::Type;
using Use = Field::Use;

std::vector<Object> all_aliases(store::Store& store) {
    std::vector<Object> out;
    for (auto& [name, target] : store.aliases())
        out.push_back({{"name", name}, {"target", target}});
    return out;
}

std::vector<Object> all_routes(store::Store& store) {
    std::vector<Object> out;
    for (const auto& each : store.number_routes())
        out.push_back({{"pattern", each.pattern},
                       {"target", each.target},
                       {"strip", each.strip},
                       {"add", each.add},
                       {"redirects", each.redirects},
                       {"members_only", each.for_members}});
    return out;
}

routing::NumberRoute route_in(const Object& sent) {
    return {text_or(sent, "pattern", ""),
            text_or(sent, "target", ""),
            static_cast<unsigned>(number_or(sent, "strip", 0)),
            text_or(sent, "add", ""),
            flag_or(sent, "redirects", false),
            flag_or(sent, "members_only", true)};
}

std::vector<Object> all_trunks(store::Store& store) {
    std::vector<Object> out;
    for (const auto& [trunk, registration, states] : store.trunk_rows()) {
        json::array gateways;
        for (std::size_t i = 0; i < trunk.gateways.size(); ++i)
            gateways.push_back(Object{{"uri", trunk.gateways[i].uri},
                                      {"priority", trunk.gateways[i].priority},
                                      {"weight", trunk.gateways[i].weight},
                                      {"state", states[i]}});
        json::array sources;
        for (const auto& source : trunk.sources) sources.emplace_back(source.to_string());
        out.push_back({{"name", trunk.name},
                       {"gateways", std::move(gateways)},
                       {"user", trunk.login.user},
                       {"registers", trunk.registers},
                       {"caller", trunk.caller},
                       {"inbound", trunk.inbound},
                       {"calls", trunk.calls_max},
                       {"sources", std::move(sources)},
                       {"trusted", trunk.trusted},
                       {"registration", registration}});
    }
    return out;
}

/// Those that stay keep what is known of them.
std::optional<Problem> set_gateways(store::Store& store, const trunk::Trunk& trunk,
                                    const std::vector<trunk::Gateway>& before) {
    const auto is_in = [](const trunk::Gateway& gateway, const auto& all) {
        return std::find(all.begin(), all.end(), gateway) != all.end();
    };
    for (const auto& gateway : before)
        if (!is_in(gateway, trunk.gateways)) store.remove_gateway(trunk.name, gateway.uri);
    for (const auto& gateway : trunk.gateways) {
        if (is_in(gateway, before)) continue;
        if (auto fault = store.add_gateway(trunk.name, gateway))
            return Problem{422, fault->what, "gateways"};
    }
    return std::nullopt;
}

Result<trunk::Trunk, Problem> trunk_in(const Object& sent) {
    trunk::Trunk out;
    out.name = text_or(sent, "name", "");
    if (const auto* gateways = sent.if_contains("gateways"))
        for (const auto& each : gateways->as_array()) {
            const auto& gateway = each.as_object();
            out.gateways.push_back({text_or(gateway, "uri", ""),
                                    static_cast<unsigned>(number_or(gateway, "priority", 1)),
                                    static_cast<unsigned>(number_or(gateway, "weight", 1))});
        }
    out.login.user = text_or(sent, "user", "");
    out.login.password = text_or(sent, "password", "");
    out.registers = flag_or(sent, "registers", false);
    out.caller = text_or(sent, "caller", "");
    out.inbound = text_or(sent, "inbound", "");
    out.calls_max = static_cast<std::size_t>(number_or(sent, "calls", 30));
    out.trusted = flag_or(sent, "trusted", false);
    for (const auto& source : texts_in(sent, "sources")) {
        const auto address = IpAddress::parse(source);
        if (!address) return Problem{422, "expected IP addresses", "sources"};
        out.sources.push_back(*address);
    }
    return out;
}

} // namespace

Collection aliases(Tables& tables) {
    Collection out{"aliases",
                   "Other names of rooms and people, and numbers that are somebody's",
                   {{.name = "name", .use = Use::key, .about = "As it is dialled", .most = 64},
                    {.name = "target", .use = Use::must, .about = "A name of ours, or a URI"}}};
    auto& store = tables.store;
    read_whole(out, [&store] { return all_aliases(store); });
    out.add = [&store](const Object& sent) -> Result<Object, Problem> {
        const auto name = text_or(sent, "name", ""), target = text_or(sent, "target", "");
        if (auto problem = problem_of(store.add_alias(name, target))) return *problem;
        return Object{{"name", name}, {"target", target}};
    };
    change_whole(out, [&store](const std::string& name, const Object& whole) {
        auto transaction = store.transaction();
        store.remove_alias(name);
        auto problem =
            problem_of(store.add_alias(text_or(whole, "name", ""), text_or(whole, "target", "")));
        if (!problem) transaction.commit();
        return problem;
    });
    out.remove = [&store](const std::string& name) -> std::optional<Problem> {
        if (!store.remove_alias(name)) return not_there();
        return std::nullopt;
    };
    return out;
}

Collection routes(Tables& tables) {
    Collection out{"routes",
                   "The dial plan: where numbers lead that are nobody's name",
                   {{.name = "pattern",
                     .use = Use::key,
                     .about = "Digits; x is any, a dot at the end any more: 3xxx, +4989., 112",
                     .most = 32},
                    {.name = "target",
                     .use = Use::must,
                     .about = "trunk:NAME, a name of ours, or a URI; {number} in it is the number"},
                    {.name = "strip",
                     .type = Type::number,
                     .about = "So many digits are taken off its front",
                     .most = 32},
                    {.name = "add", .about = "and these put there", .most = 32},
                    {.name = "redirects",
                     .type = Type::flag,
                     .about = "The caller is told the target, and goes there himself"},
                    {.name = "members_only",
                     .type = Type::flag,
                     .about = "Who has to show his password; true, if it is not said"}}};
    auto& store = tables.store;
    read_whole(out, [&store] { return all_routes(store); });
    out.add = [&store, find = out.find](const Object& sent) -> Result<Object, Problem> {
        const auto route = route_in(sent);
        if (auto problem = problem_of(store.add_number_route(route))) return *problem;
        return *find(route.pattern);
    };
    change_whole(out, [&store](const std::string& pattern, const Object& whole) {
        auto transaction = store.transaction();
        store.remove_number_route(pattern);
        auto problem = problem_of(store.add_number_route(route_in(whole)));
        if (!problem) transaction.commit();
        return problem;
    });
    out.remove = [&store](const std::string& pattern) -> std::optional<Problem> {
        if (!store.remove_number_route(pattern)) return not_there();
        return std::nullopt;
    };
    return out;
}

namespace {

std::vector<Field> trunk_fields() {
    return {{.name = "name", .use = Use::key, .most = 32},
            {.name = "gateways",
             .type = Type::objects,
             .about = "Where it leads",
             .most = 16,
             .inside = {{.name = "uri", .use = Use::must, .about = "sip:gw.example.net"},
                        {.name = "priority",
                         .type = Type::number,
                         .about = "The lowest is tried first; 1, if it is not said",
                         .most = 65535,
                         .least = 1},
                        {.name = "weight",
                         .type = Type::number,
                         .about = "Its share among equals; 1, if it is not said",
                         .most = 65535},
                        {.name = "state", .use = Use::shown, .about = "When it was asked last"}}},
            {.name = "user", .about = "That we log in as"},
            {.name = "password", .use = Use::secret, .about = "Of that user", .most = 128},
            {.name = "registers", .type = Type::flag, .about = "The provider finds us by REGISTER"},
            {.name = "caller", .about = "Shown of who has no number of his own"},
            {.name = "inbound", .about = "Where calls for nobody's number lead"},
            {.name = "calls", .type = Type::number, .about = "At once", .most = 10'000, .least = 1},
            {.name = "sources",
             .type = Type::texts,
             .about = "Addresses that may call in, beside the gateways",
             .most = 100},
            {.name = "trusted",
             .type = Type::flag,
             .about = "What it asserts of callers is believed (RFC 3325)"},
            {.name = "registration", .use = Use::shown, .about = "What the provider said last"}};
}

} // namespace

Collection trunks(Tables& tables) {
    Collection out{"trunks", "Ways to telephones; a route to trunk:NAME leads numbers there",
                   trunk_fields()};
    auto& store = tables.store;
    read_whole(out, [&store] { return all_trunks(store); });
    out.add = [&store, find = out.find](const Object& sent) -> Result<Object, Problem> {
        auto trunk = trunk_in(sent);
        if (!trunk) return trunk.error();
        auto transaction = store.transaction();
        if (auto problem = problem_of(store.add_trunk(*trunk))) return *problem;
        if (auto problem = set_gateways(store, *trunk, {})) return *problem;
        transaction.commit();
        return *find(trunk->name);
    };
    change_whole(out,
                 [&store](const std::string& name, const Object& whole) -> std::optional<Problem> {
                     auto trunk = trunk_in(whole);
                     if (!trunk) return trunk.error();
                     for (const auto& before : store.trunks()) {
                         if (!iequals(before.name, name)) continue;
                         if (!whole.contains("password"))
                             trunk->login.password = before.login.password;
                         auto transaction = store.transaction();
                         if (auto fault = store.change_trunk(*trunk))
                             return Problem{422, fault->what};
                         if (auto problem = set_gateways(store, *trunk, before.gateways))
                             return problem;
                         transaction.commit();
                     }
                     return std::nullopt;
                 });
    out.remove = [&store, find = out.find](const std::string& name) -> std::optional<Problem> {
        if (!find(name)) return not_there();
        if (auto fault = store.remove_trunk(name)) return Problem{409, fault->what};
        return std::nullopt;
    };
    return out;
}

Collection bans(Tables& tables) {
    Collection out{"bans",
                   "Addresses that are not answered, because somebody guessed passwords there",
                   {{.name = "address", .use = Use::shown},
                    {.name = "until", .use = Use::shown},
                    {.name = "why", .use = Use::shown}}};
    out.write = webadmin::Right::act;
    auto& store = tables.store;
    const auto all = [&store] {
        std::vector<Object> list;
        for (const auto& ban : store.bans())
            list.push_back({{"address", ban.address.to_string()},
                            {"until", time_text(ban.until)},
                            {"why", ban.why}});
        return list;
    };
    read_whole(out, all);
    out.remove = [&store](const std::string& text) -> std::optional<Problem> {
        const auto address = IpAddress::parse(text);
        if (!address || !store.remove_ban(*address)) return not_there();
        return std::nullopt;
    };
    return out;
}

} // namespace lyceum::web
