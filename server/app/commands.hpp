// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/app/arguments.hpp"

/// The commands of `lyceum` that look at the data directory and change it; the usage in
/// command_line.cpp says what each does. They give the exit status, and throw UsageError.
namespace lyceum::app {

int run_account(Arguments arguments);
int run_alias(Arguments arguments);
int run_audit(Arguments arguments);
int run_ban(Arguments arguments);
int run_binding(Arguments arguments);
int run_call(Arguments arguments);
int run_group(Arguments arguments);
int run_lesson(Arguments arguments);
int run_message(Arguments arguments);
int run_policy(Arguments arguments);
int run_presence(Arguments arguments);
int run_room(Arguments arguments);
int run_route(Arguments arguments);
int run_sound(Arguments arguments);
int run_trunk(Arguments arguments);
int run_user(Arguments arguments);

} // namespace lyceum::app
