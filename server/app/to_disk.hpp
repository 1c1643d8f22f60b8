// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/database_thread.hpp"
#include "server/b2bua/b2bua.hpp"
#include "server/focus/focus.hpp"
#include "server/records/call_records.hpp"

namespace lyceum::app {

/// What cores put out to be kept, as writes of the database thread; nobody waits for these.
///@{
void to_disk(DatabaseThread& database, records::CallRecord record);
void to_disk(DatabaseThread& database, focus::Focus::Noted noted);
void to_disk(DatabaseThread& database, b2bua::B2bua::Keep kept);
void to_disk(DatabaseThread& database, b2bua::B2bua::Forget forgotten);
///@}

} // namespace lyceum::app
