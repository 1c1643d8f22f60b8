// SPDX-License-Identifier: Apache-2.0
#include "server/app/arguments.hpp"

#include "base/text.hpp"
#include "presence/date_time.hpp"
#include "server/app/server.hpp"

#include <iostream>

namespace lyceum::app {

Arguments parse_arguments(const std::vector<std::string>& arguments) {
    Arguments out;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& text = arguments[i];
        if (!text.starts_with("--")) {
            out.words.push_back(text);
        } else if (text == "--password-stdin" || text == "--help") {
            out.flags.insert(text.substr(2));
        } else if (i + 1 < arguments.size()) {
            out.options[text.substr(2)] = arguments[++i];
        } else {
            throw UsageError(text + " needs a value");
        }
    }
    return out;
}

std::string take(Arguments& arguments, const std::string& name, std::string otherwise) {
    const auto found = arguments.options.find(name);
    if (found == arguments.options.end()) return otherwise;
    otherwise = std::move(found->second);
    arguments.options.erase(found);
    return otherwise;
}

bool take_switch(Arguments& arguments, const std::string& name) {
    const auto text = take(arguments, name, "off");
    if (text != "on" && text != "off") throw UsageError("--" + name + ": expected on or off");
    return text == "on";
}

unsigned take_number(Arguments& arguments, const std::string& name, const std::string& otherwise) {
    const auto number = parse_number<unsigned>(take(arguments, name, otherwise));
    if (!number) throw UsageError("--" + name + ": expected a number");
    return *number;
}

Configuration configure(Arguments& arguments) {
    Configuration configuration;
    if (const auto file = take(arguments, "config"); !file.empty()) read_file(configuration, file);
    for (const auto& [name, value] : arguments.options)
        set_option(configuration, name, value, "--" + name);
    check(configuration);
    return configuration;
}

Configuration prepare(Arguments& arguments) {
    auto configuration = configure(arguments);
    prepare_data(configuration);
    return configuration;
}

std::string read_password(const Arguments& arguments) {
    if (!arguments.flags.contains("password-stdin"))
        throw UsageError("give the password on standard input, with --password-stdin");
    std::string password;
    std::getline(std::cin, password);
    return password;
}

std::string utc_text(WallTime time) {
    auto out = presence::date_time_text(time);
    out[out.find('T')] = ' ';
    return out;
}

int report(const std::optional<Fault>& fault) {
    if (!fault) return 0;
    std::cerr << "lyceum: " << fault->what << "\n";
    return 1;
}

int found(bool done, const std::string& what, const std::string& name) {
    return done ? 0 : report(Fault{"there is no " + what + " " + name, 0});
}

} // namespace lyceum::app
