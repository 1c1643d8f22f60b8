// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/account_store.hpp"
#include "server/store/binding_store.hpp"
#include "server/store/database.hpp"
#include "server/store/presence_store.hpp"
#include "server/store/record_store.hpp"
#include "server/store/store.hpp"
#include "webadmin/access.hpp"
#include "webadmin/backend.hpp"

#include <functional>
#include <string>
#include <vector>

/// What the dashboard reads and writes on disk, as collections of its API. On connections of its
/// own: to the rest of the server it is as if somebody had used the command line.
namespace lyceum::web {

struct Tables {
    explicit Tables(const std::string& data_directory)
        : database(store::open_database(data_directory)), store(data_directory), bindings(database),
          records(database), presence(database), accounts(database) {
        database.set_patience(patience);
        store.set_patience(patience);
    }

    /// For who writes: others wait meanwhile, who only want to read.
    static constexpr std::chrono::milliseconds patience{1000};

    sql::Database database;
    store::Store store;
    store::BindingStore bindings;
    store::RecordStore records;
    store::PresenceStore presence;
    store::AccountStore accounts;
};

webadmin::Collection users(Tables& tables);
webadmin::Collection groups(Tables& tables);
webadmin::Collection rooms(Tables& tables);
webadmin::Collection settings(Tables& tables);
webadmin::Collection sounds(Tables& tables);
webadmin::Collection lessons(Tables& tables);
webadmin::Collection aliases(Tables& tables);
webadmin::Collection routes(Tables& tables);
webadmin::Collection trunks(Tables& tables);
webadmin::Collection bans(Tables& tables);
webadmin::Collection registrations(Tables& tables);
webadmin::Collection subscriptions(Tables& tables);
webadmin::Collection messages(Tables& tables);
webadmin::Collection calls(Tables& tables);
webadmin::Collection audit(Tables& tables);
using Clock = std::function<WallTime()>;
webadmin::Collection accounts(Tables& tables, Entropy& entropy, Clock now);
webadmin::Collection tokens(Tables& tables, Entropy& entropy, Clock now);

/// Whether this member is a host there whenever he comes.
bool leads_room(store::Store& store, const std::string& who, const std::string& room);

/// \name What they have in common
///@{
using webadmin::Collection, webadmin::Field, webadmin::Object, webadmin::Problem, webadmin::Query;
namespace json = webadmin::json;

/// Of what stands in memory in the order of its keys: the part that was asked for.
std::vector<Object> page_of(std::vector<Object> all, std::string_view key, const Query& query);
/// `list` and `find` of a collection that is small enough to be read as a whole each time; keys are
/// compared without regard to case.
void read_whole(Collection& collection, std::function<std::vector<Object>()> all);
/// `change` of a collection: what there is with what has been sent is written anew.
void change_whole(
    Collection& collection,
    std::function<std::optional<Problem>(const std::string& key, const Object&)> write);
/// A fault of the store as a problem of what was sent.
std::optional<Problem> problem_of(const std::optional<Fault>& fault);
Problem not_there();
std::string text_or(const Object& object, std::string_view name, std::string_view otherwise);
std::int64_t number_or(const Object& object, std::string_view name, std::int64_t otherwise);
bool flag_or(const Object& object, std::string_view name, bool otherwise);
std::vector<std::string> texts_in(const Object& object, std::string_view name);
json::array array_of(const std::vector<std::string>& texts);
/// As JSON has times (RFC 3339), in UTC; empty: never.
std::string time_text(WallTime time);
///@}

} // namespace lyceum::web
