// SPDX-License-Identifier: Apache-2.0
/// Who may use the dashboard: also the way back in for who has forgotten his password.
#include "server/app/commands.hpp"

#include "server/net/clock.hpp"
#include "server/net/os_entropy.hpp"
#include "server/store/account_store.hpp"
#include "server/store/database.hpp"
#include "server/store/names.hpp"
#include "webadmin/access.hpp"

#include <iostream>

namespace lyceum::app {
namespace {

int make_link(store::AccountStore& store, const std::string& name, const std::string& role) {
    if (!store::is_name(name)) return report(store::not_a_name("an account"));
    auto account = store.account(name);
    const auto wanted = webadmin::role_of(role);
    if (!role.empty() && !wanted)
        throw UsageError("--role: expected administrator, operator, teacher or reader");
    if (!account && !wanted) return found(false, "account (give it a --role)", name);
    if (!account) account = webadmin::Account{.name = name};
    if (wanted) account->role = *wanted;
    store.put(*account);
    net::OsEntropy entropy;
    std::cout << "Within a day, once, on the web port of the server:\n"
              << webadmin::link_for(store, entropy, *account, net::wall_now()) << "\n";
    return 0;
}

} // namespace

int run_account(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    const auto role = take(arguments, "role");
    auto database = store::open_database(prepare(arguments).data);
    store::AccountStore store(database);
    if (action == "list" && words.size() == 2) {
        for (const auto& each : store.accounts())
            std::cout << each.name << "\t" << webadmin::name_of(each.role) << "\t"
                      << (each.password.empty() ? "no password yet" : "password")
                      << (each.totp_secret.empty() ? "" : ", code") << "\n";
        return 0;
    }
    if (action == "link" && words.size() == 3) return make_link(store, words[2], role);
    if (action == "remove" && words.size() == 3)
        return found(store.remove_account(words[2]), "account", words[2]);
    throw UsageError("account: list, link NAME [--role ROLE] or remove NAME");
}

} // namespace lyceum::app
