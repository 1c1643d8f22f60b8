// SPDX-License-Identifier: Apache-2.0
/// Who is there and what has happened: what the server has written down.
#include "server/app/commands.hpp"

#include "base/text.hpp"
#include "presence/composition.hpp"
#include "presence/rules.hpp"
#include "server/app/options.hpp"
#include "server/app/running_server.hpp"
#include "server/events/policy.hpp"
#include "server/net/clock.hpp"
#include "server/store/binding_store.hpp"
#include "server/store/database.hpp"
#include "server/store/presence_store.hpp"
#include "server/store/record_store.hpp"
#include "server/store/store.hpp"
#include "sip/message/parser.hpp"
#include "sip/message/values.hpp"

#include <array>
#include <fstream>
#include <iostream>

namespace lyceum::app {

namespace {

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
        std::cout << store.document("pres-rules", owner);
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
    return found(store.put(presence::xcap::Document{"pres-rules", owner, document}), "user", owner);
}

} // namespace

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

/// What there is of a member on disk: what no call and no lesson has changed.
std::string composed(const Configuration& configuration, const std::string& owner,
                     const std::string& uri, const presence::View& view) {
    auto database = store::open_database(configuration.data);
    store::PresenceStore store(database);
    std::vector<presence::Document> documents;
    for (const auto& each : store.publications())
        if (each.resource == owner)
            if (auto document = presence::Document::parse(each.body))
                documents.push_back(std::move(*document));
    if (auto hard = presence::Document::parse(store.document("pidf-manipulation", owner))) {
        hard->is_hard_state = true;
        documents.push_back(std::move(*hard));
    }
    std::vector<const presence::Document*> said;
    for (const auto& each : documents) said.push_back(&each);
    const auto bindings = store::BindingStore(database).load(owner);
    return presence::compose(uri, said, {.reachable = !bindings.empty()}, view);
}

/// Whether somebody may watch somebody, by what, and what he sees then.
int run_see(const Configuration& configuration, const std::string& watcher,
            const std::string& owner) {
    store::Store store(configuration.data);
    const auto nowhere = [](std::string_view) -> const std::vector<registrar::Binding>& {
        static const std::vector<registrar::Binding> none;
        return none;
    };
    routing::Router router(router_options(configuration), store, nowhere);
    router.set_groups(store.groups());
    if (!router.named(router.uri_of(owner))) return found(false, "user or room", owner);
    if (!store.member(watcher)) return found(false, "user", watcher);
    auto database = store::open_database(configuration.data);
    const auto rules =
        presence::Rules::parse(store::PresenceStore(database).document("pres-rules", owner));
    const auto grant =
        events::granted(*events::policy_of(configuration.presence), rules ? &*rules : nullptr,
                        owner, watcher, router, net::wall_now());
    constexpr std::array handlings{"is refused", "waits for him to decide",
                                   "is told that he is away", "may watch"};
    std::cout << watcher << " " << handlings.at(static_cast<std::size_t>(grant.handling)) << ", by "
              << (watcher == owner ? "being it"
                  : rules          ? "the rules of " + owner
                                   : "the setting presence = " + configuration.presence)
              << "\n"
              << composed(configuration, owner, router.uri_of(owner), grant.view);
    return 0;
}

/// What the server has told a watcher last, and whether that is still so.
int run_told(const Configuration& configuration, const std::string& watcher,
             const std::string& name) {
    auto database = store::open_database(configuration.data);
    bool any = false;
    for (const auto& each : store::PresenceStore(database).subscriptions()) {
        if (each.watcher != watcher || each.resource != name) continue;
        any = true;
        const auto path = "/subscriptions/" + std::to_string(each.id.value) + "/told";
        const auto told = ask_running_server(configuration, path);
        if (!told) {
            std::cerr << "lyceum: the server does not run, or knows nothing of it\n";
            return 1;
        }
        const auto at = webadmin::text_in(*told, "at");
        std::cout << each.package << "\t" << (at.empty() ? "nothing yet" : at) << "\t"
                  << (told->at("newest").as_bool() ? "still so" : "not so any more") << "\n"
                  << webadmin::text_in(*told, "body") << "\n";
    }
    return any ? 0 : found(false, "subscription to " + name + " by", watcher);
}

int run_presence(Arguments arguments) {
    const auto words = arguments.words;
    const auto configuration = prepare(arguments);
    if (words.size() == 4 && words[1] == "see") return run_see(configuration, words[2], words[3]);
    if (words.size() == 4 && words[1] == "told") return run_told(configuration, words[2], words[3]);
    auto database = store::open_database(configuration.data);
    store::PresenceStore store(database);
    if (words.size() >= 2 && words.size() <= 3 && words[1] == "watchers") {
        print_watchers(store, words.size() == 3 ? words[2] : "");
        return 0;
    }
    if (words.size() >= 3 && words.size() <= 4 && words[1] == "rules")
        return run_rules(store, words[2], words.size() == 4 ? words[3] : "");
    if (words.size() != 3 || words[1] != "show")
        throw UsageError(
            "presence: watchers [NAME], show NAME, see WATCHER NAME, told WATCHER NAME or rules "
            "NAME [FILE | none]");
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
    for (const auto& [id, each] : store.calls({.count = *count})) {
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

/// A line for each group: who is in it.
int run_group(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    store::Store store(prepare(arguments).data);
    if (action == "list" && words.size() == 2) {
        const auto groups = store.groups();
        for (const auto& [name, members] : groups.all()) {
            std::cout << name;
            for (const auto& each : members) std::cout << "\t" << each;
            std::cout << "\n";
        }
        return 0;
    }
    if (action == "add" && words.size() == 3) return report(store.add_group(words[2]));
    if (action == "remove" && words.size() == 3)
        return found(store.remove_group(words[2]), "group", words[2]);
    if (words.size() < 4 || (action != "join" && action != "leave"))
        throw UsageError(
            "group: add NAME, list, remove NAME, join NAME USER... or leave NAME USER...");
    for (std::size_t i = 3; i < words.size(); ++i) {
        const auto status = action == "join"
                                ? report(store.join_group(words[2], words[i]))
                                : found(store.leave_group(words[2], words[i]), "member", words[i]);
        if (status != 0) return status;
    }
    return 0;
}

/// A line for each lesson, with the number by which it is removed.
int run_lesson(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    events::Lesson lesson;
    if (action == "add" && words.size() == 3) {
        lesson.title = words[2];
        lesson.group = take(arguments, "group");
        lesson.teacher = take(arguments, "teacher");
        lesson.room = take(arguments, "room");
        const auto days = events::Lesson::parse_days(take(arguments, "days"));
        if (!days) throw UsageError("--days: " + days.error().what);
        lesson.days = *days;
        const auto from = events::Lesson::parse_time(take(arguments, "from"));
        const auto until = events::Lesson::parse_time(take(arguments, "until"));
        if (!from || !until) throw UsageError("--from, --until: expected a time like 09:45");
        lesson.from = *from;
        lesson.until = *until;
    }
    store::Store store(prepare(arguments).data);
    if (!lesson.title.empty()) return report(store.put_lesson(lesson));
    if (action == "list" && words.size() == 2) {
        for (const auto& each : store.lessons())
            std::cout << each.id << "\t" << each.title << "\t" << each.days_text() << "\t"
                      << events::time_text(each.from) << "-" << events::time_text(each.until)
                      << "\tgroup=" << each.group << "\tteacher=" << each.teacher
                      << "\troom=" << each.room << "\n";
        return 0;
    }
    const auto id = parse_number<std::int64_t>(words.size() == 3 ? words[2] : "");
    if (action != "remove" || !id) throw UsageError("lesson: add TITLE, list or remove N");
    return found(store.remove_lesson(*id), "lesson", words[2]);
}

} // namespace lyceum::app
