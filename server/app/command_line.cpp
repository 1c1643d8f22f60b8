// SPDX-License-Identifier: Apache-2.0
#include "server/app/command_line.hpp"

#include "base/text.hpp"
#include "server/app/commands.hpp"
#include "server/app/server.hpp"
#include "server/app/stderr_log.hpp"
#include "server/net/os_entropy.hpp"
#include "server/store/store.hpp"

#include <iostream>

namespace lyceum::app {
namespace {

constexpr const char* usage = R"(usage:
  lyceum serve [--config FILE] [--data DIR] [--bind ADDR] [--sip-port N] [--sips-port N]
               [--web-port N] [--domain NAME]
  lyceum user  add NAME --password-stdin | list | remove NAME | passwd NAME --password-stdin
  lyceum user  language NAME en|de|es   that rooms speak to him in
  lyceum user  role NAME administrator | member   who may register devices of others
  lyceum user  forward NAME [--always TARGET] [--busy TARGET] [--no-answer TARGET [--after S]]
               [--unreachable TARGET]    where his calls go; without any, to his devices again
  lyceum user  dnd NAME on | off        do not disturb: nothing rings; calls go where --busy says
  lyceum user  find NAME [TARGET:S...]  ring there for S seconds, then there; "devices" are his own
  lyceum account link NAME [--role administrator|operator|teacher|reader] | list | remove NAME
               who may use the page: a link by which he chooses his password, once, within a day
  lyceum alias add NAME TARGET | list | remove NAME   other names, of ours or for people elsewhere
  lyceum route add PATTERN TARGET [--strip N] [--add DIGITS] [--redirect on] [--for everybody]
               where numbers lead: 3xxx, +4989., 112; {number} in a target is the number rewritten
  lyceum route list | remove PATTERN | try URI     what happens when this is dialled?
  lyceum room  add NAME [--access open|members|pin] [--pin N] [--host-pin N]
               [--encryption off|preferred|required] [--speakers N] [--sound gain,high-pass,noise]
               [--spatial off|on] [--video off|switch|grid] [--history MESSAGES]
  lyceum room  list | remove NAME | role NAME USER host|speaker|listener|none
  lyceum policy show [--room NAME]      the rules of a room, and where each comes from
  lyceum policy set SETTING VALUE | clear SETTING [--room NAME] [--role host|speaker|listener]
               for the organisation, or a room; see docs/operations.md for the settings
  lyceum sound add NAME FILE | list | remove NAME   Opus files that hosts have played in rooms
  lyceum audit [N] [--room NAME]        the last N things that were done in rooms: who, what, whom
  lyceum trunk add NAME URI [--user USER --password-stdin] [--register on] [--caller NUMBER]
               [--inbound TARGET] [--calls N] [--from ADDRESS,...] [--trusted on]
               ways to telephones; "lyceum route add +. trunk:NAME" leads numbers there
  lyceum trunk list | remove NAME | gateway NAME URI [--priority N] [--weight N] | drop NAME URI
  lyceum group add NAME | list | remove NAME | join NAME USER... | leave NAME USER...
               who belongs together: a class, the staff; one address for all of them
  lyceum lesson add TITLE --days mon,wed --from 09:00 --until 10:45 [--group NAME] [--teacher USER]
               [--room NAME] | list | remove N     the timetable: who is in class when
  lyceum binding list [NAME]     where members are reached: what their devices have registered
  lyceum presence watchers [NAME]   who watches whom (or NAME), until when, and whether he may
  lyceum presence show NAME      what the devices of a member have published
  lyceum presence see WATCHER NAME   whether WATCHER may watch NAME, by what, and what he sees
  lyceum presence told WATCHER NAME   what WATCHER was told of NAME last, and whether it is still so
  lyceum presence rules NAME [FILE | none]   whom a member allows to see what: shows it, or sets it
               from a file (RFC 5025); none: what the setting "presence" says
  lyceum message list            what waits for members who are not there: from whom, since when
  lyceum call list [N]           the last N calls that are over: who, whom, when, how long, why
  lyceum ban list | release ADDRESS   who is not answered, because he guessed passwords
  lyceum check [--config FILE]   explains the configuration, or says what is wrong with it
  Any setting of the configuration file can be given as --name value; see docs/operations.md.
)";

int run_serve(Arguments arguments) {
    const auto configuration = configure(arguments);
    StderrLog log;
    net::OsEntropy entropy;
    log.set_salt(entropy.u64());
    log.show_personal(configuration.log_personal);
    log.set_level(configuration.log_level == "debug"     ? LogLevel::debug
                  : configuration.log_level == "info"    ? LogLevel::info
                  : configuration.log_level == "warning" ? LogLevel::warning
                                                         : LogLevel::error);
    serve(configuration, log, std::cout);
    return 0;
}

int run_check(Arguments arguments) {
    const auto configuration = configure(arguments);
    for (const auto& line : explain(configuration)) std::cout << line << "\n";
    prepare_data(configuration);
    const store::Store store(configuration.data);
    std::cout << "The configuration is good.\n";
    return 0;
}

} // namespace

int run_command(const std::vector<std::string>& raw) {
    try {
        auto arguments = parse_arguments(raw);
        const auto command = arguments.words.empty() ? std::string() : arguments.words[0];
        if (arguments.flags.contains("help") || command == "help") {
            std::cout << usage;
            return 0;
        }
        if (command == "serve" && arguments.words.size() == 1)
            return run_serve(std::move(arguments));
        if (command == "check" && arguments.words.size() == 1)
            return run_check(std::move(arguments));
        if (command == "user") return run_user(std::move(arguments));
        if (command == "room") return run_room(std::move(arguments));
        if (command == "policy") return run_policy(std::move(arguments));
        if (command == "sound") return run_sound(std::move(arguments));
        if (command == "audit") return run_audit(std::move(arguments));
        if (command == "lesson") return run_lesson(std::move(arguments));
        if (command == "group") return run_group(std::move(arguments));
        if (command == "route") return run_route(std::move(arguments));
        if (command == "trunk") return run_trunk(std::move(arguments));
        if (command == "account") return run_account(std::move(arguments));
        if (command == "alias") return run_alias(std::move(arguments));
        if (command == "binding") return run_binding(std::move(arguments));
        if (command == "presence") return run_presence(std::move(arguments));
        if (command == "message") return run_message(std::move(arguments));
        if (command == "call") return run_call(std::move(arguments));
        if (command == "ban") return run_ban(std::move(arguments));
        throw UsageError(command.empty() ? "say what to do" : "unknown command " + command);
    } catch (const UsageError& error) {
        std::cerr << "lyceum: " << error.what() << "\n" << usage;
        return 2;
    }
}

} // namespace lyceum::app
