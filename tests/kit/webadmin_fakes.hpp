// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "webadmin/backend.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lyceum::webadmin {

/// Accounts in memory.
struct Memory final : Accounts {
    std::map<std::string, Account> accounts;
    std::map<std::string, Ticket> tickets;

    std::optional<Account> account(const std::string& name) override {
        return accounts.contains(name) ? std::optional(accounts.at(name)) : std::nullopt;
    }
    void put(const Account& account) override { accounts[account.name] = account; }
    std::optional<Ticket> ticket(const std::string& id) override {
        return tickets.contains(id) ? std::optional(tickets.at(id)) : std::nullopt;
    }
    void put(const Ticket& ticket) override { tickets[ticket.id] = ticket; }
    void remove_ticket(const std::string& id) override { tickets.erase(id); }
    std::map<std::string, Passkey> keys;
    std::optional<Passkey> passkey(const std::string& id) override {
        return keys.contains(id) ? std::optional(keys.at(id)) : std::nullopt;
    }
    std::vector<Passkey> passkeys(const std::string& account) override {
        std::vector<Passkey> out;
        for (const auto& [id, key] : keys)
            if (key.account == account) out.push_back(key);
        return out;
    }
    void put(const Passkey& passkey) override { keys[passkey.id] = passkey; }
    void remove_passkey(const std::string& id) override { keys.erase(id); }
    void remove_tickets(const std::string& account, const std::string& but) override {
        std::erase_if(tickets, [&](const auto& each) {
            return each.second.account == account && each.first != but &&
                   each.second.kind != Ticket::Kind::token;
        });
    }
};

/// What argon2 would make of it is not what is tested.
struct PlainPasswords final : Passwords {
    void hash(std::string password, std::function<void(std::string)> done) override {
        done("hash of " + password);
    }
    void verify(std::string password, std::string encoded,
                std::function<void(bool)> done) override {
        done(!encoded.empty() && encoded == "hash of " + password);
    }
};

/// A server with things that have a name, a size and a secret.
struct FakeBackend final : Backend {
    FakeBackend() {
        Collection things{"things",
                          "Things",
                          {{.name = "name", .use = Field::Use::key, .most = 8},
                           {.name = "size", .type = Field::Type::number, .most = 9, .least = 1},
                           {.name = "color", .values = "red|green"},
                           {.name = "pin", .guarded = true},
                           {.name = "word", .use = Field::Use::must_hide},
                           {.name = "made", .use = Field::Use::shown}}};
        things.list = [this](const Query& query) {
            std::vector<Object> out;
            for (auto each = all.upper_bound(query.after);
                 each != all.end() && out.size() < query.limit; ++each)
                out.push_back(each->second);
            return out;
        };
        things.find = [this](const std::string& name) {
            return all.contains(name) ? std::optional(all.at(name)) : std::nullopt;
        };
        things.add = [this](const Object& sent) -> Result<Object, Problem> {
            const auto name = text_in(sent, "name");
            if (all.contains(name)) return Problem{409, "it is there", "name"};
            all[name] = {
                {"name", name}, {"size", 1}, {"color", "red"}, {"pin", "1234"}, {"made", "today"}};
            return all[name];
        };
        things.change = [this](const std::string& name,
                               const Object& sent) -> std::optional<Problem> {
            for (const auto& [key, value] : sent) all[name][key] = value;
            return std::nullopt;
        };
        things.remove = [this](const std::string& name) -> std::optional<Problem> {
            all.erase(name);
            return std::nullopt;
        };
        things.owns = [](const std::string& who, const std::string& key) {
            return who == "teacher" && key == "b";
        };
        collections_.push_back(things);
        Collection fixed{"fixed", "Only looked at", {{.name = "id", .use = Field::Use::shown}}};
        fixed.list = [](const Query&) { return std::vector<Object>{}; };
        fixed.find = [](const std::string&) { return std::optional<Object>{}; };
        collections_.push_back(fixed);
    }
    const std::vector<Collection>& collections() override { return collections_; }
    std::string_view actions() override { return "mute|lock"; }
    void act(Deed deed, Done done) override {
        deeds.push_back(deed);
        done(deed.participant == "99" ? std::optional(Problem{404, "nobody there"}) : std::nullopt);
    }
    bool leads(const std::string& member, const std::string& room) override {
        return member == "teacher" && room == "7b";
    }
    std::vector<std::string> explain(const std::string& dialled) override { return {dialled}; }
    void glance_at(std::vector<std::string> names, Glances done) override {
        std::vector<Object> out;
        for (const auto& name : names) out.push_back({{"name", name}});
        done(out);
    }
    std::optional<std::string> offer_setup(const std::string& user, WallTime) override {
        return user == "ann" ? std::optional<std::string>("seed") : std::nullopt;
    }
    std::optional<std::string> setup_for(const std::string& secret, const std::string& host, bool,
                                         WallTime) override {
        return secret == "seed" ? std::optional("<config for=\"" + host + "\"/>") : std::nullopt;
    }
    void capture_of(const std::string& call, Capture done) override {
        done(call == "1" ? std::optional<std::string>("pcap") : std::nullopt);
    }
    void told(const std::string& subscription, Told done) override {
        if (subscription == "1") done(Object{{"body", "<presence/>"}});
        else done(std::nullopt);
    }
    void messages_of(const std::string& call, Messages done) override {
        if (call == "1") done(std::vector<Object>{{{"text", "INVITE"}}});
        else done(std::nullopt);
    }
    const std::map<std::string, std::int64_t>& counters() override { return counters_; }
    void note(const Note& note) override { notes.push_back(note); }

    std::map<std::string, Object> all;
    std::vector<Deed> deeds;
    std::vector<Note> notes;
    std::vector<Collection> collections_;
    std::map<std::string, std::int64_t> counters_{{"calls", 3}, {"sip_sent_total", 8}};
};

} // namespace lyceum::webadmin
