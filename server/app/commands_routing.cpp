// SPDX-License-Identifier: Apache-2.0
/// Users, and where what is dialled leads to.
#include "server/app/commands.hpp"

#include "base/text.hpp"
#include "server/app/route_trial.hpp"
#include "server/store/binding_store.hpp"
#include "server/store/database.hpp"
#include "server/store/store.hpp"

#include <iostream>

namespace lyceum::app {

namespace {

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

void print_route(const routing::NumberRoute& route) {
    std::cout << route.pattern << "\t" << route.target << "\tstrip=" << route.strip
              << "\tadd=" << route.add << "\t" << (route.redirects ? "redirect" : "call") << "\t"
              << (route.for_members ? "members" : "everybody") << "\n";
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

} // namespace

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
    if (action == "try" && words.size() == 3) {
        auto database = store::open_database(configuration.data);
        store::BindingStore bindings(database);
        std::cout << explain_route(configuration, store, bindings, words[2]);
        return 0;
    }
    if (action == "remove" && words.size() == 3)
        return found(store.remove_number_route(words[2]), "route", words[2]);
    if (action != "add" || words.size() != 4)
        throw UsageError("route: add PATTERN TARGET, list, remove PATTERN or try URI");
    route.pattern = words[2];
    route.target = words[3];
    return report(store.add_number_route(route));
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
    if (action == "language" && words.size() == 4)
        return report(store.set_language(words[2], words[3]));
    if (words.size() != 3)
        throw UsageError("user: add, list, remove, passwd, role, language, forward, dnd or find");
    if (action == "add") return report(store.add_user(words[2], read_password(arguments)));
    if (action == "passwd")
        return report(store.change_password(words[2], read_password(arguments)));
    if (action == "remove") return found(store.remove_user(words[2]), "user", words[2]);
    throw UsageError("user: add, list, remove, passwd, role, language, forward, dnd or find");
}

} // namespace lyceum::app
