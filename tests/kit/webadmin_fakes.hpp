// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "webadmin/backend.hpp"

#include <map>
#include <optional>
#include <string>

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

} // namespace lyceum::webadmin
