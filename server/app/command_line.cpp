// SPDX-License-Identifier: Apache-2.0
#include "server/app/command_line.hpp"

#include "base/text.hpp"
#include "presence/rules.hpp"
#include "server/app/configuration.hpp"
#include "server/app/server.hpp"
#include "server/app/stderr_log.hpp"
#include "server/net/os_entropy.hpp"
#include "server/store/binding_store.hpp"
#include "server/store/database.hpp"
#include "server/store/presence_store.hpp"
#include "server/store/record_store.hpp"
#include "server/store/store.hpp"
#include "sip/message/parser.hpp"
#include "sip/message/values.hpp"

#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <set>

namespace lyceum::app {
namespace {

constexpr const char* usage = R"(usage:
  lyceum serve [--config FILE] [--data DIR] [--bind ADDR] [--sip-port N] [--sips-port N]
               [--web-port N] [--domain NAME]
  lyceum user  add NAME --password-stdin | list | remove NAME | passwd NAME --password-stdin
  lyceum user  role NAME administrator | member   who may register devices of others
  lyceum user  forward NAME [--always TARGET] [--busy TARGET] [--no-answer TARGET [--after S]]
               [--unreachable TARGET]    where his calls go; without any, to his devices again
  lyceum user  dnd NAME on | off        do not disturb: nothing rings; calls go where --busy says
  lyceum user  find NAME [TARGET:S...]  ring there for S seconds, then there; "devices" are his own
  lyceum alias add NAME TARGET | list | remove NAME   other names, of ours or for people elsewhere
  lyceum route add PATTERN TARGET [--strip N] [--add DIGITS] [--redirect on] [--for everybody]
               where numbers lead: 3xxx, +4989., 112; {number} in a target is the number rewritten
  lyceum route list | remove PATTERN | try URI     what happens when this is dialled?
  lyceum room  add NAME [--access open|members|pin] [--pin N] [--host-pin N]
               [--encryption off|preferred|required] [--speakers N] [--sound gain,high-pass,noise]
               [--spatial off|on] [--video off|switch|grid] | list | remove NAME
  lyceum trunk add NAME URI [--user USER --password-stdin] [--register on] [--caller NUMBER]
               [--inbound TARGET] [--calls N] [--from ADDRESS,...] [--trusted on]
               ways to telephones; "lyceum route add +. trunk:NAME" leads numbers there
  lyceum trunk list | remove NAME | gateway NAME URI [--priority N] [--weight N] | drop NAME URI
  lyceum binding list [NAME]     where members are reached: what their devices have registered
  lyceum presence watchers [NAME]   who watches whom (or NAME), until when, and whether he may
  lyceum presence show NAME      what the devices of a member have published
  lyceum presence rules NAME [FILE | none]   whom a member allows to see what: shows it, or sets it
               from a file (RFC 5025); none: what the setting "presence" says
  lyceum message list            what waits for members who are not there: from whom, since when
  lyceum call list [N]           the last N calls that are over: who, whom, when, how long, why
  lyceum ban list | release ADDRESS   who is not answered, because he guessed passwords
  lyceum check [--config FILE]   explains the configuration, or says what is wrong with it
  Any setting of the configuration file can be given as --name value; see docs/operations.md.
)";

struct UsageError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Words, `--flag` and `--name value`, told apart.
struct Arguments {
    std::vector<std::string> words;
    std::map<std::string, std::string> options;
    std::set<std::string> flags;
};

Arguments parse(const std::vector<std::string>& arguments) {
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

std::string take(Arguments& arguments, const std::string& name, std::string otherwise = {}) {
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

/// The configuration file, then what else was given by name.
Configuration configure(Arguments& arguments) {
    Configuration configuration;
    if (const auto file = take(arguments, "config"); !file.empty()) read_file(configuration, file);
    for (const auto& [name, value] : arguments.options)
        set_option(configuration, name, value, "--" + name);
    check(configuration);
    return configuration;
}

/// The same, with a data directory that is there.
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

/// "2026-11-25 17:30:00Z".
std::string utc_text(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(seconds - day);
    char out[32];
    std::snprintf(
        out, sizeof out, "%04d-%02u-%02u %02d:%02d:%02dZ", int{date.year()}, unsigned{date.month()},
        unsigned{date.day()}, static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return out;
}

int report(const std::optional<Fault>& fault) {
    if (!fault) return 0;
    std::cerr << "lyceum: " << fault->what << "\n";
    return 1;
}

/// A fault where there was nothing of that name.
int found(bool done, const std::string& what, const std::string& name) {
    return done ? 0 : report(Fault{"there is no " + what + " " + name, 0});
}

int run_user_forward(Arguments& arguments, const std::string& name) {
    routing::Forwarding set;
    set.always = take(arguments, "always");
    set.busy = take(arguments, "busy");
    set.no_answer = take(arguments, "no-answer");
    set.unreachable = take(arguments, "unreachable");
    const auto after = parse_number<int>(take(arguments, "after", "20"));
    if (!after) throw UsageError("--after: expected seconds");
    set.no_answer_after = std::chrono::seconds(*after);
    return report(store::Store(prepare(arguments).data).set_forwarding(name, set));
}

int run_user_find(Arguments& arguments, const std::string& name) {
    std::vector<routing::Step> steps;
    for (std::size_t i = 3; i < arguments.words.size(); ++i) {
        const auto& word = arguments.words[i];
        const auto colon = word.rfind(':');
        const auto seconds = colon == std::string::npos
                                 ? std::nullopt
                                 : parse_number<int>(std::string_view(word).substr(colon + 1));
        if (!seconds) throw UsageError("user find: expected TARGET:SECONDS, not " + word);
        steps.push_back({word.substr(0, colon), std::chrono::seconds(*seconds)});
    }
    return report(store::Store(prepare(arguments).data).set_steps(name, steps));
}

int run_alias(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    store::Store store(prepare(arguments).data);
    if (action == "list" && words.size() == 2) {
        for (const auto& [name, target] : store.aliases())
            std::cout << name << "\t" << target << "\n";
        return 0;
    }
    if (action == "add" && words.size() == 4) return report(store.add_alias(words[2], words[3]));
    if (action == "remove" && words.size() == 3)
        return found(store.remove_alias(words[2]), "alias", words[2]);
    throw UsageError("alias: add NAME TARGET, list or remove NAME");
}

void print_route(const routing::NumberRoute& route) {
    std::cout << route.pattern << "\t" << route.target << "\tstrip=" << route.strip
              << "\tadd=" << route.add << "\t" << (route.redirects ? "redirect" : "call") << "\t"
              << (route.for_members ? "members" : "everybody") << "\n";
}

/// The answer of the router itself, in its words: who is tried, when, and for how long.
int try_route(const Configuration& configuration, store::Store& store, const std::string& dialled) {
    auto database = store::open_database(configuration.data);
    store::BindingStore bindings(database);
    std::map<std::string, std::vector<registrar::Binding>, std::less<>> known;
    for (auto& each : bindings.load()) known[each.user] = std::move(each.bindings);
    using Bindings = std::vector<registrar::Binding>;
    const auto where = [&known](std::string_view user) -> const Bindings& {
        static const Bindings nowhere;
        const auto found = known.find(user);
        return found == known.end() ? nowhere : found->second;
    };
    const auto options = router_options(configuration);
    const routing::Router router(options, store, where);
    const bool is_uri = dialled.find(':') != std::string::npos;
    const auto uri = is_uri ? dialled : "sip:" + dialled + "@" + options.domains.first();
    std::cout << uri << "\n" << routing::explain(router.plan(uri));
    return 0;
}

int run_route(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    routing::NumberRoute route;
    const auto strip = parse_number<unsigned>(take(arguments, "strip", "0"));
    if (!strip) throw UsageError("--strip: expected a number");
    route.strip = *strip;
    route.add = take(arguments, "add");
    route.redirects = take_switch(arguments, "redirect");
    const auto whom = take(arguments, "for", "members");
    if (whom != "members" && whom != "everybody")
        throw UsageError("--for: expected members or everybody");
    route.for_members = whom == "members";
    const auto configuration = prepare(arguments);
    store::Store store(configuration.data);
    if (action == "list" && words.size() == 2) {
        for (const auto& each : store.number_routes()) print_route(each);
        return 0;
    }
    if (action == "try" && words.size() == 3) return try_route(configuration, store, words[2]);
    if (action == "remove" && words.size() == 3)
        return found(store.remove_number_route(words[2]), "route", words[2]);
    if (action != "add" || words.size() != 4)
        throw UsageError("route: add PATTERN TARGET, list, remove PATTERN or try URI");
    route.pattern = words[2];
    route.target = words[3];
    return report(store.add_number_route(route));
}

trunk::Trunk take_trunk(Arguments& arguments, const std::string& name) {
    trunk::Trunk out;
    out.name = name;
    out.login.user = take(arguments, "user");
    if (!out.login.user.empty()) out.login.password = read_password(arguments);
    out.registers = take_switch(arguments, "register");
    out.caller = take(arguments, "caller");
    out.inbound = take(arguments, "inbound");
    out.calls_max = take_number(arguments, "calls", "30");
    out.trusted = take_switch(arguments, "trusted");
    const auto sources = take(arguments, "from");
    for (std::string_view rest = sources; !rest.empty();) {
        const auto address = IpAddress::parse(trim(cut(rest, ',')));
        if (!address) throw UsageError("--from: expected IP addresses");
        out.sources.push_back(*address);
    }
    return out;
}

/// A line for each trunk, and one for each of its gateways.
int print_trunks(store::Store& store) {
    for (const auto& [trunk, registration, states] : store.trunk_rows()) {
        std::cout << trunk.name << "\tcalls=" << trunk.calls_max;
        if (trunk.registers)
            std::cout << "\t" << (registration.empty() ? "not registered" : registration);
        std::cout << "\n";
        for (std::size_t i = 0; i < trunk.gateways.size(); ++i)
            std::cout << "  " << trunk.gateways[i].uri
                      << "\tpriority=" << trunk.gateways[i].priority
                      << "\tweight=" << trunk.gateways[i].weight << "\t"
                      << (states[i].empty() ? "not seen yet" : states[i]) << "\n";
    }
    return 0;
}

int run_trunk(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    trunk::Trunk trunk;
    if (action == "add" && words.size() == 4) trunk = take_trunk(arguments, words[2]);
    const trunk::Gateway gateway{words.size() == 4 ? words[3] : std::string(),
                                 take_number(arguments, "priority", "1"),
                                 take_number(arguments, "weight", "1")};
    store::Store store(prepare(arguments).data);
    if (action == "list" && words.size() == 2) return print_trunks(store);
    if (action == "remove" && words.size() == 3) return report(store.remove_trunk(words[2]));
    if (words.size() != 4) throw UsageError("trunk: add, list, remove, gateway or drop");
    if (action == "drop")
        return found(store.remove_gateway(words[2], words[3]), "gateway", words[3]);
    if (action == "gateway") return report(store.add_gateway(words[2], gateway));
    if (action != "add") throw UsageError("trunk: add, list, remove, gateway or drop");
    if (const auto fault = store.add_trunk(trunk)) return report(fault);
    const auto fault = store.add_gateway(trunk.name, gateway);
    if (fault) store.remove_trunk(trunk.name);
    return report(fault);
}

int run_user(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    if (action == "forward" && words.size() == 3) return run_user_forward(arguments, words[2]);
    if (action == "find" && words.size() >= 3) return run_user_find(arguments, words[2]);
    store::Store store(prepare(arguments).data);
    if (action == "list" && words.size() == 2) {
        for (const auto& name : store.users())
            std::cout << name << (store.is_administrator(name) ? "\tadministrator" : "") << "\n";
        return 0;
    }
    if (action == "dnd" && words.size() == 4) {
        if (words[3] != "on" && words[3] != "off") throw UsageError("user dnd: expected on or off");
        return found(store.set_do_not_disturb(words[2], words[3] == "on"), "user", words[2]);
    }
    if (action == "role" && words.size() == 4) {
        if (words[3] != "administrator" && words[3] != "member")
            throw UsageError("user role: expected administrator or member");
        return found(store.set_administrator(words[2], words[3] == "administrator"), "user",
                     words[2]);
    }
    if (words.size() != 3)
        throw UsageError("user: add, list, remove, passwd, role, forward, dnd or find");
    if (action == "add") return report(store.add_user(words[2], read_password(arguments)));
    if (action == "passwd")
        return report(store.change_password(words[2], read_password(arguments)));
    if (action == "remove") return found(store.remove_user(words[2]), "user", words[2]);
    throw UsageError("user: add, list, remove, passwd, role, forward, dnd or find");
}

/// A line for each device: who, where, until when, how gladly, what it is.
int run_binding(Arguments arguments) {
    const auto words = arguments.words;
    if (words.size() < 2 || words.size() > 3 || words[1] != "list")
        throw UsageError("binding: list");
    auto database = store::open_database(prepare(arguments).data);
    store::BindingStore store(database);
    for (const auto& [user, bindings] : store.load(words.size() == 3 ? words[2] : ""))
        for (const auto& each : bindings)
            std::cout << user << "\t" << each.contact << "\t" << utc_text(each.expires)
                      << "\tq=" << each.q_thousandths / 1000.0 << "\t" << to_string(each.source)
                      << "\t" << each.user_agent << "\n";
    return 0;
}

/// Who watches whom: a line for each subscription.
void print_watchers(store::PresenceStore& store, const std::string& resource) {
    for (const auto& each : store.subscriptions())
        if (resource.empty() || each.resource == resource)
            std::cout << each.resource << "\t" << each.package << "\t" << each.watcher << "\t"
                      << (each.pending ? "pending" : "active") << "\t" << utc_text(each.expires)
                      << "\t" << to_string(each.source) << "\t" << each.type << "\n";
}

int run_rules(store::PresenceStore& store, const std::string& owner, const std::string& from) {
    if (from.empty()) {
        for (const auto& each : store.rules_since(0))
            if (each.owner == owner) std::cout << each.body;
        return 0;
    }
    std::string document;
    if (from != "none") {
        std::ifstream file(from);
        document.assign(std::istreambuf_iterator<char>(file), {});
        const auto rules = presence::Rules::parse(document);
        if (!file || !rules) {
            std::cerr << "lyceum: " << from << ": "
                      << (file ? rules.error().what : "cannot be read") << "\n";
            return 1;
        }
    }
    return found(store.set_rules(owner, document), "user", owner);
}

int run_presence(Arguments arguments) {
    const auto words = arguments.words;
    auto database = store::open_database(prepare(arguments).data);
    store::PresenceStore store(database);
    if (words.size() >= 2 && words.size() <= 3 && words[1] == "watchers") {
        print_watchers(store, words.size() == 3 ? words[2] : "");
        return 0;
    }
    if (words.size() >= 3 && words.size() <= 4 && words[1] == "rules")
        return run_rules(store, words[2], words.size() == 4 ? words[3] : "");
    if (words.size() != 3 || words[1] != "show")
        throw UsageError("presence: watchers [NAME], show NAME or rules NAME [FILE | none]");
    for (const auto& each : store.publications())
        if (each.resource == words[2])
            std::cout << "until " << utc_text(each.expires) << "\n" << each.body << "\n";
    return 0;
}

int run_message(Arguments arguments) {
    if (arguments.words.size() != 2 || arguments.words[1] != "list")
        throw UsageError("message: list");
    auto database = store::open_database(prepare(arguments).data);
    for (const auto& each : store::PresenceStore(database).mails()) {
        const auto message = sip::parse_message(each.request);
        const auto from =
            message ? sip::uri_in(message->header(sip::Header::from).value_or("")) : "";
        std::cout << utc_text(each.received) << "\t" << each.recipient << "\t" << from << "\t"
                  << each.request.size() << " octets\n";
    }
    return 0;
}

/// A line for each call, the newest first.
int run_call(Arguments arguments) {
    const auto words = arguments.words;
    const auto count = parse_number<std::size_t>(words.size() == 3 ? words[2] : "50");
    if (words.size() < 2 || words.size() > 3 || words[1] != "list" || !count)
        throw UsageError("call: list [N]");
    auto database = store::open_database(prepare(arguments).data);
    store::RecordStore store(database);
    for (const auto& each : store.newest(*count)) {
        std::cout << utc_text(each.started) << "\t" << each.caller << "\t" << each.callee << "\t"
                  << each.way << "\t";
        if (each.answered) std::cout << (each.ended - *each.answered) / 1s << " s";
        else std::cout << "not answered";
        std::cout << "\t" << each.status << "\t" << each.why;
        if (each.heard)
            std::cout << "\tMOS " << each.heard->mos_tenths / 10.0 << ", lost "
                      << each.heard->loss_permille / 10.0 << " %, jitter " << each.heard->jitter_ms
                      << " ms";
        std::cout << "\n";
    }
    return 0;
}

int run_ban(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    store::Store store(prepare(arguments).data);
    if (action == "list" && words.size() == 2) {
        for (const auto& ban : store.bans())
            std::cout << ban.address.to_string() << "\t" << utc_text(ban.until) << "\t" << ban.why
                      << "\n";
        return 0;
    }
    if (action != "release" || words.size() != 3) throw UsageError("ban: list or release");
    const auto address = IpAddress::parse(words[2]);
    if (!address) throw UsageError("ban release: expected an IP address");
    return found(store.remove_ban(*address), "ban of", words[2]);
}

int run_room(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    store::Store::RoomRow row;
    const auto access_text = take(arguments, "access", "open");
    const auto access = store::access_of(access_text);
    if (!access) throw UsageError("--access: expected open, members or pin");
    row.room.access = *access;
    row.room.pin = take(arguments, "pin");
    const auto encryption = store::protection_of(take(arguments, "encryption", "preferred"));
    if (!encryption) throw UsageError("--encryption: expected off, preferred or required");
    row.room.encryption = *encryption;
    const auto speakers = parse_number<std::size_t>(take(arguments, "speakers", "8"));
    if (!speakers) throw UsageError("--speakers: expected a number");
    row.room.speakers_max = *speakers;
    row.room.host_pin = take(arguments, "host-pin");
    const auto care = store::care_of(take(arguments, "sound"));
    if (!care) throw UsageError("--sound: expected some of gain, high-pass, noise");
    row.room.care = *care;
    row.room.spatial = take_switch(arguments, "spatial");
    row.video = take(arguments, "video", "off");
    if (row.video != "off" && row.video != "switch" && row.video != "grid")
        throw UsageError("--video: expected off, switch or grid");
    store::Store store(prepare(arguments).data);
    if (action == "list" && words.size() == 2) {
        for (const auto& known : store.rooms())
            std::cout << known.room.name << "\t" << store::name_of(known.room.access) << "\n";
        return 0;
    }
    if (words.size() != 3) throw UsageError("room: add, list or remove");
    row.room.name = words[2];
    if (action == "add") return report(store.add_room(row));
    if (action == "remove") return found(store.remove_room(words[2]), "room", words[2]);
    throw UsageError("room: add, list or remove");
}

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
        auto arguments = parse(raw);
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
        if (command == "route") return run_route(std::move(arguments));
        if (command == "trunk") return run_trunk(std::move(arguments));
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
