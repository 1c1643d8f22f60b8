// SPDX-License-Identifier: Apache-2.0
/// Where numbers lead: aliases, the dial plan, trunks; and who is not answered.
#include "server/web/tables.hpp"

#include "base/text.hpp"

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

std::vector<Object> all_trunks(store::Store& store) {
    std::vector<Object> out;
    for (const auto& [trunk, registration, states] : store.trunk_rows()) {
        json::array gateways, seen;
        for (const auto& gateway : trunk.gateways) gateways.emplace_back(gateway.uri);
        for (const auto& state : states) seen.emplace_back(state);
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
                       {"registration", registration},
                       {"states", std::move(seen)}});
    }
    return out;
}

Result<trunk::Trunk, Problem> trunk_in(const Object& sent) {
    trunk::Trunk out;
    out.name = text_or(sent, "name", "");
    for (unsigned priority = 0; auto& uri : texts_in(sent, "gateways"))
        out.gateways.push_back({std::move(uri), ++priority});
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
                    {.name = "target", .use = Use::fixed, .about = "A name of ours, or a URI"}}};
    auto& store = tables.store;
    read_whole(out, [&store] { return all_aliases(store); });
    out.add = [&store](const Object& sent) -> Result<Object, Problem> {
        const auto name = text_or(sent, "name", ""), target = text_or(sent, "target", "");
        if (auto problem = problem_of(store.add_alias(name, target))) return *problem;
        return Object{{"name", name}, {"target", target}};
    };
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
                     .use = Use::fixed,
                     .about = "trunk:NAME, a name of ours, or a URI; {number} in it is the number"},
                    {.name = "strip",
                     .type = Type::number,
                     .use = Use::fixed,
                     .about = "So many digits are taken off its front",
                     .most = 32},
                    {.name = "add", .use = Use::fixed, .about = "and these put there", .most = 32},
                    {.name = "redirects",
                     .type = Type::flag,
                     .use = Use::fixed,
                     .about = "The caller is told the target, and goes there himself"},
                    {.name = "members_only",
                     .type = Type::flag,
                     .use = Use::fixed,
                     .about = "Who has to show his password; true, if it is not said"}}};
    auto& store = tables.store;
    read_whole(out, [&store] { return all_routes(store); });
    out.add = [&store, find = out.find](const Object& sent) -> Result<Object, Problem> {
        const routing::NumberRoute route{text_or(sent, "pattern", ""),
                                         text_or(sent, "target", ""),
                                         static_cast<unsigned>(number_or(sent, "strip", 0)),
                                         text_or(sent, "add", ""),
                                         flag_or(sent, "redirects", false),
                                         flag_or(sent, "members_only", true)};
        if (auto problem = problem_of(store.add_number_route(route))) return *problem;
        return *find(route.pattern);
    };
    out.remove = [&store](const std::string& pattern) -> std::optional<Problem> {
        if (!store.remove_number_route(pattern)) return not_there();
        return std::nullopt;
    };
    return out;
}

Collection trunks(Tables& tables) {
    Collection out{
        "trunks",
        "Ways to telephones; a route to trunk:NAME leads numbers there",
        {{.name = "name", .use = Use::key, .most = 32},
         {.name = "gateways",
          .type = Type::texts,
          .use = Use::fixed,
          .about = "sip:gw.example.net: one after the other",
          .most = 16},
         {.name = "user", .use = Use::fixed, .about = "That we log in as"},
         {.name = "password", .use = Use::secret, .about = "Of that user", .most = 128},
         {.name = "registers",
          .type = Type::flag,
          .use = Use::fixed,
          .about = "The provider finds us by REGISTER"},
         {.name = "caller", .use = Use::fixed, .about = "Shown of who has no number of his own"},
         {.name = "inbound", .use = Use::fixed, .about = "Where calls for nobody's number lead"},
         {.name = "calls",
          .type = Type::number,
          .use = Use::fixed,
          .about = "At once",
          .most = 10'000,
          .least = 1},
         {.name = "sources",
          .type = Type::texts,
          .use = Use::fixed,
          .about = "Addresses that may call in, beside the gateways",
          .most = 100},
         {.name = "trusted",
          .type = Type::flag,
          .use = Use::fixed,
          .about = "What it asserts of callers is believed (RFC 3325)"},
         {.name = "registration", .use = Use::shown, .about = "What the provider said last"},
         {.name = "states", .type = Type::texts, .use = Use::shown, .about = "Of the gateways"}}};
    auto& store = tables.store;
    read_whole(out, [&store] { return all_trunks(store); });
    out.add = [&store, find = out.find](const Object& sent) -> Result<Object, Problem> {
        auto trunk = trunk_in(sent);
        if (!trunk) return trunk.error();
        auto transaction = store.transaction();
        if (auto problem = problem_of(store.add_trunk(*trunk))) return *problem;
        for (const auto& gateway : trunk->gateways)
            if (auto fault = store.add_gateway(trunk->name, gateway))
                return Problem{422, fault->what, "gateways"};
        transaction.commit();
        return *find(trunk->name);
    };
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
