// SPDX-License-Identifier: Apache-2.0
/// Rooms, the rules in them, and what was done in them.
#include "server/app/commands.hpp"

#include "base/text.hpp"
#include "server/store/database.hpp"
#include "server/store/record_store.hpp"
#include "server/store/store.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

namespace lyceum::app {
namespace {

store::Store::RoomRow take_room(Arguments& arguments) {
    store::Store::RoomRow row;
    const auto access = store::access_of(take(arguments, "access", "open"));
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
    row.room.history = take_number(arguments, "history", "0");
    row.video = take(arguments, "video", "off");
    if (row.video != "off" && row.video != "switch" && row.video != "grid")
        throw UsageError("--video: expected off, switch or grid");
    return row;
}

/// Where each rule comes from: "lobby  guests  (the organisation)".
void show_policy(store::Store& store, const std::string& room) {
    const auto rows = store.policy(room);
    const auto policy = focus::resolve(rows, room);
    for (const auto& setting : focus::settings()) {
        std::string_view from = "the default";
        for (const auto& row : rows)
            if (row.name == setting.name && row.role.empty())
                from = row.room.empty() ? "the organisation" : "the room";
        std::cout << setting.name << "\t" << setting.text(policy.all) << "\t(" << from << ")\n";
        for (const auto role : focus::roles)
            if (auto text = setting.text(policy.of(role)); text != setting.text(policy.all))
                std::cout << "  " << focus::name_of(role) << "\t" << text << "\n";
    }
}

} // namespace

int run_room(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    auto row = take_room(arguments);
    store::Store store(prepare(arguments).data);
    if (action == "list" && words.size() == 2) {
        for (const auto& known : store.rooms())
            std::cout << known.room.name << "\t" << store::name_of(known.room.access) << "\n";
        return 0;
    }
    if (action == "role" && words.size() == 5) {
        const auto role = focus::role_of(words[4]);
        if (!role && words[4] != "none")
            throw UsageError("room role: expected host, speaker, listener or none");
        return report(store.set_room_role(words[2], words[3], role));
    }
    if (words.size() != 3) throw UsageError("room: add, list, role or remove");
    row.room.name = words[2];
    if (action == "add") return report(store.add_room(row));
    if (action == "remove") return found(store.remove_room(words[2]), "room", words[2]);
    throw UsageError("room: add, list, role or remove");
}

int run_policy(Arguments arguments) {
    const auto words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    focus::PolicyRow row{take(arguments, "room"), take(arguments, "role"), {}, {}};
    store::Store store(prepare(arguments).data);
    if (!row.room.empty() && !store.room(row.room)) return found(false, "room", row.room);
    if (action == "show" && words.size() == 2) {
        show_policy(store, row.room);
        return 0;
    }
    if (words.size() > 2) row.name = words[2];
    if (action == "set" && words.size() == 4) {
        row.value = words[3];
        return report(store.set_policy(row));
    }
    if (action == "clear" && words.size() == 3)
        return found(store.clear_policy(row), "setting there named", row.name);
    throw UsageError("policy: show, set or clear");
}

int run_sound(Arguments arguments) {
    const auto& words = arguments.words;
    const auto action = words.size() > 1 ? words[1] : std::string();
    store::Store store(prepare(arguments).data);
    if (action == "list" && words.size() == 2) {
        for (const auto& each : store.sounds())
            std::cout << each.name << "\t" << each.bytes << "\n";
        return 0;
    }
    if (action == "remove" && words.size() == 3)
        return found(store.remove_sound(words[2]), "sound", words[2]);
    if (action != "add" || words.size() != 4)
        throw UsageError("sound: add NAME FILE, list or remove NAME");
    std::ifstream file(words[3], std::ios::binary);
    if (!file) throw UsageError("cannot read " + words[3]);
    const Bytes octets((std::istreambuf_iterator<char>(file)), {});
    return report(store.set_sound(words[2], octets));
}

int run_audit(Arguments arguments) {
    const auto words = arguments.words;
    const auto room = take(arguments, "room");
    const auto count = parse_number<std::size_t>(words.size() > 1 ? words[1] : "20");
    if (words.size() > 2 || !count) throw UsageError("audit: expected how many");
    auto database = store::open_database(prepare(arguments).data);
    for (const auto& [id, each] : store::RecordStore(database).actions({.count = *count}, room))
        std::cout << utc_text(each.at) << "\t" << each.room << "\t" << each.who << "\t" << each.way
                  << "\t" << each.action << "\t" << each.whom << "\t" << each.detail << "\t"
                  << (each.refused.empty() ? "done" : each.refused) << "\n";
    return 0;
}

} // namespace lyceum::app
