// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "webadmin/field.hpp"
#include "webadmin/rights.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// All that the dashboard and its API know of the server: ports that it implements. They are
/// called on the thread of the web, and may read and write a database there; what has to be done
/// where the calls are is answered later.
namespace lyceum::webadmin {

/// Which part of a collection.
struct Query {
    std::string after;       ///< A key; empty: from the beginning.
    std::size_t limit = 100; ///< At most so many.
    std::string text;        ///< Only what has this in it, in small or in capital letters.
};

/// One kind of thing that is configured or kept, with everything that can be done with it. The API,
/// its description and its checks follow from this table.
struct Collection {
    std::string_view name, about; ///< "rooms"
    std::vector<Field> fields;    ///< The key is the first.
    Right read = Right::read, write = Right::configure;
    /// Whose it is, who may then see and change it though he may not see all; none: nobody's.
    std::function<bool(const std::string& who, const std::string& key)> owns{};
    std::string_view time{}; ///< The field that says when; empty: none. Lists then take a time.

    /// In their order, those after Query::after.
    std::function<std::vector<Object>(const Query&)> list;
    std::function<std::optional<Object>(const std::string& key)> find;
    /// \name None: that cannot be done by anybody. What is sent has been checked by `fields`.
    ///@{
    std::function<Result<Object, Problem>(const Object& sent)> add{}; ///< As it is now.
    std::function<std::optional<Problem>(const std::string& key, const Object& changes)> change{};
    std::function<std::optional<Problem>(const std::string& key)> remove{};
    ///@}

    [[nodiscard]] std::string_view key() const { return fields.front().name; }
};

/// What somebody wants done in a room that is in session (server/focus/action.hpp).
struct Deed {
    std::string room, action;
    std::string whom = "one"; ///< Or "everybody", "all-but-hosts", "group", "himself".
    std::string participant;  ///< Of "one".
    std::int64_t amount = 0;
    std::string text;
    std::string by;    ///< Who wants it.
    std::string group; ///< Of "group"; empty: those who are in none.
};

/// For the audit log.
struct Note {
    WallTime at;
    std::string who, what, whom, refused;
};

class Backend {
public:
    virtual ~Backend() = default;

    virtual const std::vector<Collection>& collections() = 0;
    /// The actions that there are: what `Deed::action` may be, as "mute|unmute|…".
    virtual std::string_view actions() = 0;
    using Done = std::function<void(std::optional<Problem>)>;
    virtual void act(Deed deed, Done done) = 0;
    /// Whether this member is a host there whenever he comes.
    virtual bool leads(const std::string& member, const std::string& room) = 0;
    /// What happens when this is dialled, step by step.
    virtual std::vector<std::string> explain(const std::string& dialled) = 0;
    /// Whether these are there, and what they do: each as the API shows it (webadmin/routes.cpp).
    using Glances = std::function<void(std::vector<Object>)>;
    virtual void glance_at(std::vector<std::string> names, Glances done) = 0;
    /// What a watcher knows, by the key of his subscription; none: there is no such subscription.
    using Told = std::function<void(std::optional<Object>)>;
    virtual void told(const std::string& subscription, Told done) = 0;
    /// The SIP messages of a call that is over, by the key of its record; none: there is no such
    /// call. Each as the API shows it (webadmin/routes.cpp).
    using Messages = std::function<void(std::optional<std::vector<Object>>)>;
    virtual void messages_of(const std::string& call, Messages done) = 0;
    /// The same as a capture file (libpcap).
    using Capture = std::function<void(std::optional<std::string>)>;
    virtual void capture_of(const std::string& call, Capture done) = 0;
    /// A secret by which a telephone of this user sets itself up, once, until then; none: there is
    /// no such user.
    virtual std::optional<std::string> offer_setup(const std::string& user, WallTime until) = 0;
    /// The document for who has it, and who reaches us at this host, in clear or not; none: it is
    /// no secret of ours, or has been used.
    virtual std::optional<std::string> setup_for(const std::string& secret, const std::string& host,
                                                 bool encrypted, WallTime now) = 0;
    /// Calls, registrations and so on: by the names that Prometheus will see, without "lyceum_".
    virtual const std::map<std::string, std::int64_t>& counters() = 0;
    virtual void note(const Note& note) = 0;
};

/// Who may use the dashboard.
struct Account {
    std::string name;
    Role role = Role::reader;
    std::string password;       ///< As argon2 encodes it (PHC string); empty: none yet.
    std::string totp_secret;    ///< Octets; empty: he is not asked for a code.
    std::int64_t totp_step = 0; ///< Of the last code that was used: none counts twice.
};
/// That somebody has logged in, or a program has been let in; secrets are here as their SHA-256.
struct Ticket {
    enum class Kind { session, token, link };

    std::string id; ///< The hash.
    Kind kind = Kind::session;
    std::string account;
    Role role = Role::reader; ///< Of a token; a session has that of its account.
    std::string name;         ///< Of a token: what it is for.
    WallTime made{}, until{};
    std::vector<std::string> scopes{}; ///< Of a token: as of `Who`.
};

/// A key that a device of somebody holds, with which he logs in without a password.
struct Passkey {
    std::string id; ///< In base64url.
    std::string account, name;
    int algorithm = 0; ///< Of COSE.
    std::string key;   ///< Public; octets, as libfido2 has them.
    std::uint32_t counter = 0;
};

/// Where accounts, tickets and passkeys are kept.
class Accounts {
public:
    virtual ~Accounts() = default;
    virtual std::optional<Account> account(const std::string& name) = 0;
    virtual void put(const Account& account) = 0;
    virtual std::optional<Ticket> ticket(const std::string& id) = 0;
    virtual void put(const Ticket& ticket) = 0;
    virtual void remove_ticket(const std::string& id) = 0;
    /// All sessions and links of an account, but one.
    virtual void remove_tickets(const std::string& account, const std::string& but) = 0;
    virtual std::optional<Passkey> passkey(const std::string& id) = 0;
    virtual std::vector<Passkey> passkeys(const std::string& account) = 0;
    virtual void put(const Passkey& passkey) = 0;
    virtual void remove_passkey(const std::string& id) = 0;
};

/// Takes tens of milliseconds, so it is done elsewhere and answered later, on the thread of the
/// web.
class Passwords {
public:
    virtual ~Passwords() = default;
    virtual void hash(std::string password, std::function<void(std::string encoded)> done) = 0;
    /// Against nothing, if `encoded` is empty: in the same time.
    virtual void verify(std::string password, std::string encoded,
                        std::function<void(bool)> done) = 0;
};

} // namespace lyceum::webadmin
