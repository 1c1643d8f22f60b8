// SPDX-License-Identifier: Apache-2.0
#include "server/app/running_server.hpp"

#include "server/net/clock.hpp"
#include "server/net/http_client.hpp"
#include "server/net/os_entropy.hpp"
#include "server/store/account_store.hpp"
#include "server/store/database.hpp"
#include "server/store/store.hpp"
#include "webadmin/access.hpp"
#include "webadmin/secrets.hpp"

#include <algorithm>

namespace lyceum::app {

std::optional<webadmin::Object> ask_running_server(const Configuration& configuration,
                                                   std::string_view path) {
    const auto address = SocketAddress::parse(store::Store(configuration.data).web_address());
    if (!address) return std::nullopt;
    auto database = store::open_database(configuration.data);
    store::AccountStore accounts(database);
    const auto all = accounts.accounts();
    const auto administrator = std::find_if(all.begin(), all.end(), [](const auto& each) {
        return each.role == webadmin::Role::administrator;
    });
    if (administrator == all.end()) return std::nullopt;
    net::OsEntropy entropy;
    const auto now = net::wall_now();
    const auto secret = webadmin::issue(accounts, entropy,
                                        {.kind = webadmin::Ticket::Kind::token,
                                         .account = administrator->name,
                                         .role = webadmin::Role::administrator,
                                         .name = "the command line",
                                         .made = now,
                                         .until = now + std::chrono::minutes(1)});
    const auto answer = net::ask(*address, {.method = "GET",
                                            .target = "/api/v1" + std::string(path),
                                            .headers = {{"Authorization", "Bearer " + secret}}});
    accounts.remove_ticket(webadmin::sha256_hex(secret));
    if (!answer || answer->status != 200) return std::nullopt;
    boost::system::error_code fault;
    auto value = webadmin::json::parse(answer->body, fault);
    return !fault && value.is_object() ? std::optional(std::move(value.get_object()))
                                       : std::nullopt;
}

} // namespace lyceum::app
