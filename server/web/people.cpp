// SPDX-License-Identifier: Apache-2.0
/// Users and groups; who may use the dashboard, and programs that may.
#include "server/store/names.hpp"
#include "server/web/tables.hpp"
#include "webadmin/secrets.hpp"

#include <algorithm>

namespace lyceum::web {
namespace {

using Type = Field::Type;
using Use = Field::Use;

constexpr std::string_view forward_names[] = {"always", "busy", "no_answer", "unreachable"};
constexpr std::string routing::Forwarding::*forward_fields[] = {
    &routing::Forwarding::always, &routing::Forwarding::busy, &routing::Forwarding::no_answer,
    &routing::Forwarding::unreachable};

Object shown(const store::UserRow& row) {
    Object forward;
    for (std::size_t i = 0; i < std::size(forward_names); ++i)
        forward[forward_names[i]] = row.forwarding.*forward_fields[i];
    json::array steps;
    for (const auto& step : row.steps)
        steps.push_back(Object{{"target", step.target}, {"seconds", step.ring_for / 1s}});
    return {{"name", row.name},
            {"language", row.language},
            {"administrator", row.administrator},
            {"do_not_disturb", row.do_not_disturb},
            {"groups", array_of(row.groups)},
            {"numbers", array_of(row.numbers)},
            {"forward", std::move(forward)},
            {"ring_seconds", row.forwarding.no_answer_after / 1s},
            {"find_me", std::move(steps)},
            {"devices", row.devices}};
}

constexpr std::int64_t ring_standard = 20;

std::optional<Problem> set_groups(store::Store& store, const std::string& name,
                                  const std::vector<std::string>& before,
                                  const std::vector<std::string>& wanted) {
    for (const auto& group : before)
        if (std::find(wanted.begin(), wanted.end(), group) == wanted.end())
            store.leave_group(group, name);
    for (const auto& group : wanted)
        if (auto fault = store.join_group(group, name)) return Problem{422, fault->what, "groups"};
    return std::nullopt;
}

/// Where his calls go that he does not take.
std::optional<Problem> write_forwarding(store::Store& store, const store::UserRow& row,
                                        const Object& sent) {
    if (const auto* find_me = sent.if_contains("find_me")) {
        std::vector<routing::Step> steps;
        for (const auto& each : find_me->get_array())
            steps.push_back(
                {text_or(each.get_object(), "target", ""),
                 std::chrono::seconds(number_or(each.get_object(), "seconds", ring_standard))});
        if (auto fault = store.set_steps(row.name, steps))
            return Problem{422, fault->what, "find_me"};
    }
    const auto* forward = sent.if_contains("forward");
    if (!forward && !sent.contains("ring_seconds")) return std::nullopt;
    auto set = row.forwarding;
    set.no_answer_after =
        std::chrono::seconds(number_or(sent, "ring_seconds", set.no_answer_after / 1s));
    for (const auto& [name, target] : forward ? forward->get_object() : Object()) {
        const auto* known =
            std::find(std::begin(forward_names), std::end(forward_names), std::string_view(name));
        if (known == std::end(forward_names))
            return Problem{422, "expected always, busy, no_answer, unreachable", "forward"};
        const auto text = target.is_string() ? std::string(target.get_string()) : "";
        set.*forward_fields[known - std::begin(forward_names)] = text;
    }
    if (auto fault = store.set_forwarding(row.name, set))
        return Problem{422, fault->what, "forward"};
    return std::nullopt;
}

/// All that is said of a user but his name and password.
std::optional<Problem> write_user(store::Store& store, const store::UserRow& row,
                                  const Object& sent) {
    if (sent.contains("language"))
        if (auto problem = problem_of(store.set_language(row.name, text_or(sent, "language", ""))))
            return problem;
    if (sent.contains("administrator"))
        store.set_administrator(row.name, flag_or(sent, "administrator", false));
    if (sent.contains("do_not_disturb"))
        store.set_do_not_disturb(row.name, flag_or(sent, "do_not_disturb", false));
    if (auto problem = write_forwarding(store, row, sent)) return problem;
    if (sent.contains("groups"))
        return set_groups(store, row.name, row.groups, texts_in(sent, "groups"));
    return std::nullopt;
}

std::vector<Field> user_fields() {
    return {{.name = "name",
             .use = Use::key,
             .about = "What he is dialled by and logs his telephone in with",
             .most = 64},
            {.name = "password", .use = Use::must_hide, .about = "Of his telephone", .most = 128},
            {.name = "language", .about = "That rooms speak to him in", .values = "|en|de|es"},
            {.name = "administrator",
             .type = Type::flag,
             .about = "May register devices of others by SIP"},
            {.name = "do_not_disturb", .type = Type::flag, .about = "Nothing rings"},
            {.name = "groups", .type = Type::texts, .about = "That he is in", .most = 100},
            {.name = "numbers",
             .type = Type::texts,
             .use = Use::shown,
             .about = "Other names that lead to him: see aliases"},
            {.name = "forward",
             .type = Type::object,
             .about = "Where his calls go: always, busy, no_answer, unreachable",
             .most = 4},
            {.name = "ring_seconds",
             .type = Type::number,
             .about = "Until nobody has answered",
             .most = 180,
             .least = 1},
            {.name = "find_me",
             .type = Type::objects,
             .about = "Where else he is looked for, one after the other",
             .most = 10,
             .inside = {{.name = "target", .use = Use::must, .about = "A name or a URI"},
                        {.name = "seconds",
                         .type = Type::number,
                         .about = "That it rings there; 20, if it is not said",
                         .most = 180,
                         .least = 1}}},
            {.name = "devices",
             .type = Type::number,
             .use = Use::shown,
             .about = "That are registered: see registrations"}};
}

} // namespace

Collection users(Tables& tables) {
    Collection out{"users", "People with telephones", user_fields()};
    auto& store = tables.store;
    out.list = [&store](const Query& query) {
        std::vector<Object> page;
        for (const auto& row : store.user_rows(query.after, query.limit, query.text))
            page.push_back(shown(row));
        return page;
    };
    out.find = [&store](const std::string& name) -> std::optional<Object> {
        const auto row = store.user_row(name);
        return row ? std::optional(shown(*row)) : std::nullopt;
    };
    out.add = [&store](const Object& sent) -> Result<Object, Problem> {
        const auto name = text_or(sent, "name", "");
        auto transaction = store.transaction();
        if (auto problem = problem_of(store.add_user(name, text_or(sent, "password", ""))))
            return *problem;
        if (auto problem = write_user(store, *store.user_row(name), sent)) return *problem;
        transaction.commit();
        return shown(*store.user_row(name));
    };
    out.change = [&store](const std::string& name, const Object& sent) -> std::optional<Problem> {
        const auto row = store.user_row(name);
        if (!row) return not_there();
        auto transaction = store.transaction();
        if (sent.contains("password"))
            if (auto fault = store.change_password(name, text_or(sent, "password", "")))
                return Problem{422, fault->what, "password"};
        if (auto problem = write_user(store, *row, sent)) return problem;
        transaction.commit();
        return std::nullopt;
    };
    out.remove = [&store](const std::string& name) -> std::optional<Problem> {
        if (!store.remove_user(name)) return not_there();
        return std::nullopt;
    };
    return out;
}

Collection groups(Tables& tables) {
    Collection out{"groups",
                   "Who belongs together: a class, the staff",
                   {{.name = "name", .use = Use::key, .about = "It is dialled by it", .most = 64},
                    {.name = "members", .type = Type::texts, .about = "Users", .most = 10'000}}};
    auto& store = tables.store;
    const auto shown_group = [](const std::string& name, const routing::Groups::Names& members) {
        return Object{{"name", name}, {"members", json::array(members.begin(), members.end())}};
    };
    read_whole(out, [&store, shown_group] {
        std::vector<Object> list;
        const auto groups = store.groups();
        for (const auto& [name, members] : groups.all()) list.push_back(shown_group(name, members));
        return list;
    });
    out.find = [&store, shown_group](const std::string& name) -> std::optional<Object> {
        const auto groups = store.groups();
        const auto* members = groups.members(name); // Their names are as they are written.
        return members ? std::optional(shown_group(name, *members)) : std::nullopt;
    };
    const auto write = [&store](const std::string& name,
                                const Object& sent) -> std::optional<Problem> {
        if (!sent.contains("members")) return std::nullopt;
        const auto wanted = texts_in(sent, "members");
        const auto known = store.groups();
        if (const auto* members = known.members(name))
            for (const auto& each : *members) store.leave_group(name, each);
        for (const auto& each : wanted)
            if (auto fault = store.join_group(name, each))
                return Problem{422, "there is no user " + each, "members"};
        return std::nullopt;
    };
    out.add = [&store, write, find = out.find](const Object& sent) -> Result<Object, Problem> {
        const auto name = text_or(sent, "name", "");
        auto transaction = store.transaction();
        if (auto problem = problem_of(store.add_group(name))) return *problem;
        if (auto problem = write(name, sent)) return *problem;
        transaction.commit();
        return *find(name);
    };
    out.change = [&store, write](const std::string& name,
                                 const Object& sent) -> std::optional<Problem> {
        auto transaction = store.transaction();
        if (!store.groups().members(name)) return not_there();
        if (auto problem = write(name, sent)) return problem;
        transaction.commit();
        return std::nullopt;
    };
    out.remove = [&store](const std::string& name) -> std::optional<Problem> {
        if (!store.remove_group(name)) return not_there();
        return std::nullopt;
    };
    return out;
}

namespace {

constexpr std::string_view role_values = "administrator|operator|teacher|reader";

Object shown(const webadmin::Account& account, std::string link = {}) {
    return {{"name", account.name},
            {"role", webadmin::name_of(account.role)},
            {"password", !account.password.empty()},
            {"totp", !account.totp_secret.empty()},
            {"link", std::move(link)}};
}

Object shown(const webadmin::Ticket& token, std::string secret = {}) {
    return {{"id", token.id.substr(0, 16)},          {"name", token.name},
            {"role", webadmin::name_of(token.role)}, {"account", token.account},
            {"scopes", array_of(token.scopes)},      {"made", time_text(token.made)},
            {"until", time_text(token.until)},       {"token", std::move(secret)}};
}

/// Without one, nobody could let anybody in.
bool is_last_administrator(store::AccountStore& accounts, const std::string& name) {
    const auto all = accounts.accounts();
    return std::none_of(all.begin(), all.end(), [&](const auto& each) {
        return each.name != name && each.role == webadmin::Role::administrator &&
               !each.password.empty();
    });
}

} // namespace

Collection accounts(Tables& tables, Entropy& entropy, Clock now) {
    Collection out{
        "accounts",
        "Who may use the dashboard",
        {{.name = "name",
          .use = Use::key,
          .about = "As he logs in; a teacher leads the rooms where the user of that name is a host",
          .most = 64},
         {.name = "role", .use = Use::must, .about = "What he may do", .values = role_values},
         {.name = "password", .type = Type::flag, .use = Use::shown, .about = "He has chosen one"},
         {.name = "totp", .type = Type::flag, .use = Use::shown, .about = "He is asked for codes"},
         {.name = "link",
          .use = Use::shown,
          .about =
              "Said once, when the account is made: by it he chooses his password, in a day"}}};
    out.read = webadmin::Right::configure;
    auto& store = tables.accounts;
    out.list = [&store](const Query& query) {
        std::vector<Object> all;
        for (const auto& each : store.accounts()) all.push_back(shown(each));
        return page_of(std::move(all), "name", query);
    };
    out.find = [&store](const std::string& name) -> std::optional<Object> {
        const auto account = store.account(name);
        return account ? std::optional(shown(*account)) : std::nullopt;
    };
    out.add = [&store, &entropy, now](const Object& sent) -> Result<Object, Problem> {
        webadmin::Account account{.name = text_or(sent, "name", "")};
        if (!store::is_name(account.name))
            return Problem{422, store::not_a_name("an account").what, "name"};
        if (store.account(account.name))
            return Problem{409, "there is an account of that name", "name"};
        account.role = *webadmin::role_of(text_or(sent, "role", ""));
        store.put(account);
        return shown(account, webadmin::link_for(store, entropy, account, now()));
    };
    out.change = [&store](const std::string& name, const Object& sent) -> std::optional<Problem> {
        auto account = store.account(name);
        if (!account) return not_there();
        const auto role =
            *webadmin::role_of(text_or(sent, "role", webadmin::name_of(account->role)));
        if (role != webadmin::Role::administrator && is_last_administrator(store, name))
            return Problem{409, "nobody would be left to let people in", "role"};
        account->role = role;
        store.put(*account);
        return std::nullopt;
    };
    out.remove = [&store](const std::string& name) -> std::optional<Problem> {
        if (!store.account(name)) return not_there();
        if (is_last_administrator(store, name))
            return Problem{409, "nobody would be left to let people in"};
        store.remove_account(name);
        return std::nullopt;
    };
    return out;
}

Collection tokens(Tables& tables, Entropy& entropy, Clock now) {
    Collection out{
        "tokens",
        "Programs that may use the API: Authorization: Bearer TOKEN",
        {{.name = "id", .use = Use::shown, .about = "By which it is removed"},
         {.name = "name", .use = Use::must, .about = "What it is for", .most = 64},
         {.name = "role", .use = Use::must, .about = "What it lets one do", .values = role_values},
         {.name = "account", .use = Use::must, .about = "Whose it is: it may do no more than he"},
         {.name = "scopes",
          .type = Type::texts,
          .use = Use::fixed,
          .about = "What it is for, by the first parts of paths: rooms, conferences, events, "
                   "metrics, …; empty: everything",
          .most = 30},
         {.name = "made", .use = Use::shown, .about = "When"},
         {.name = "until", .use = Use::shown, .about = "After that it lets nobody in"},
         {.name = "days",
          .type = Type::number,
          .use = Use::secret,
          .about = "For how long: 365, if it is not said",
          .most = 3650,
          .least = 1},
         {.name = "token", .use = Use::shown, .about = "Said once, when it is made"}}};
    out.read = webadmin::Right::configure;
    auto& store = tables.accounts;
    const auto find = [&store](const std::string& id) -> std::optional<webadmin::Ticket> {
        for (auto& each : store.tokens())
            if (id.size() == 16 && each.id.starts_with(id)) return std::move(each);
        return std::nullopt;
    };
    out.list = [&store](const Query& query) {
        std::vector<Object> all;
        for (const auto& each : store.tokens()) all.push_back(shown(each));
        return page_of(std::move(all), "id", query);
    };
    out.find = [find](const std::string& id) -> std::optional<Object> {
        const auto token = find(id);
        return token ? std::optional(shown(*token)) : std::nullopt;
    };
    out.add = [&store, &entropy, now](const Object& sent) -> Result<Object, Problem> {
        webadmin::Ticket ticket{.kind = webadmin::Ticket::Kind::token,
                                .account = text_or(sent, "account", ""),
                                .role = *webadmin::role_of(text_or(sent, "role", "")),
                                .name = text_or(sent, "name", ""),
                                .made = now()};
        if (!store.account(ticket.account))
            return Problem{422, "there is no such account", "account"};
        ticket.scopes = texts_in(sent, "scopes");
        const auto is_part = [](const std::string& scope) { return store::is_name(scope); };
        if (!std::all_of(ticket.scopes.begin(), ticket.scopes.end(), is_part))
            return Problem{422, "expected first parts of paths, such as rooms", "scopes"};
        ticket.until = ticket.made + std::chrono::days(number_or(sent, "days", 365));
        const auto secret = webadmin::issue(store, entropy, ticket);
        ticket.id = webadmin::sha256_hex(secret);
        return shown(ticket, secret);
    };
    out.remove = [&store, find](const std::string& id) -> std::optional<Problem> {
        const auto token = find(id);
        if (!token) return not_there();
        store.remove_ticket(token->id);
        return std::nullopt;
    };
    return out;
}

} // namespace lyceum::web
