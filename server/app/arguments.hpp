// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "server/app/configuration.hpp"

#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

/// What all the commands of the command line need.
namespace lyceum::app {

/// What was typed is not understood: its text says what was expected.
struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Words, `--flag` and `--name value`, told apart.
struct Arguments {
    std::vector<std::string> words;
    std::map<std::string, std::string> options;
    std::set<std::string> flags;
};

Arguments parse_arguments(const std::vector<std::string>& arguments);

/// \name An option is read once: what is left over belongs to the configuration.
///@{
std::string take(Arguments& arguments, const std::string& name, std::string otherwise = {});
bool take_switch(Arguments& arguments, const std::string& name);
unsigned take_number(Arguments& arguments, const std::string& name, const std::string& otherwise);
/// The configuration file, then what else was given by name.
Configuration configure(Arguments& arguments);
/// The same, with a data directory that is there.
Configuration prepare(Arguments& arguments);
///@}
std::string read_password(const Arguments& arguments);

/// "2026-11-25 17:30:00Z".
std::string utc_text(WallTime time);
/// The exit status, the fault said.
int report(const std::optional<Fault>& fault);
/// A fault where there was nothing of that name.
int found(bool done, const std::string& what, const std::string& name);

} // namespace lyceum::app
