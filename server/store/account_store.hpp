// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sql/database.hpp"
#include "webadmin/backend.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lyceum::store {

/// Who may use the dashboard, and who has logged in, in SQLite. Throws sql::Error.
class AccountStore final : public webadmin::Accounts {
public:
    explicit AccountStore(sql::Database& database);

    std::optional<webadmin::Account> account(const std::string& name) override;
    void put(const webadmin::Account& account) override;
    std::optional<webadmin::Ticket> ticket(const std::string& id) override;
    void put(const webadmin::Ticket& ticket) override;
    void remove_ticket(const std::string& id) override;
    std::optional<webadmin::Passkey> passkey(const std::string& id) override;
    std::vector<webadmin::Passkey> passkeys(const std::string& account) override;
    void put(const webadmin::Passkey& passkey) override;
    void remove_passkey(const std::string& id) override;
    void remove_tickets(const std::string& account, const std::string& but) override;

    std::vector<webadmin::Account> accounts();
    /// With its tickets. False: there is none.
    bool remove_account(const std::string& name);
    /// Of programs, in order of their names.
    std::vector<webadmin::Ticket> tokens();
    /// Whether an administrator has chosen a password: nobody else can let people in.
    bool has_administrator();
    /// A telephone of the user may set itself up by what has this hash, once.
    void put_setup(const std::string& id, const std::string& user, WallTime until);
    /// Whose it is; it is used up.
    std::optional<std::string> take_setup(const std::string& id, WallTime now);
    void forget_before(WallTime time); ///< Tickets that have expired.

private:
    sql::Database& database_;
    sql::Statement find_account_, find_ticket_;
};

} // namespace lyceum::store
