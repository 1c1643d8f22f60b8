// SPDX-License-Identifier: Apache-2.0
#include "server/app/to_disk.hpp"

#include "server/net/clock.hpp"

#include <utility>

namespace lyceum::app {

using Stores = DatabaseThread::Stores;

void to_disk(DatabaseThread& database, records::CallRecord record) {
    database.write([record = std::move(record)](Stores& stores) { stores.records.add(record); });
}

void to_disk(DatabaseThread& database, focus::Focus::Noted noted) {
    auto& record = noted.record;
    store::RoomAction action{
        net::wall_now(),          std::move(noted.room),
        std::move(record.who),    std::string(focus::name_of(record.by)),
        std::move(record.what),   std::move(record.whom),
        std::move(record.detail), record.denied ? std::string(focus::name_of(*record.denied)) : ""};
    database.write([action = std::move(action)](Stores& stores) { stores.records.add(action); });
}

void to_disk(DatabaseThread& database, b2bua::B2bua::Keep kept) {
    database.write([call = std::move(kept.call)](Stores& stores) { stores.calls.put(call); });
}

void to_disk(DatabaseThread& database, b2bua::B2bua::Forget forgotten) {
    database.write([id = std::move(forgotten.id)](Stores& stores) { stores.calls.remove(id); });
}

} // namespace lyceum::app
