// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/http.hpp"
#include "base/log.hpp"
#include "webadmin/access.hpp"
#include "webadmin/backend.hpp"
#include "webadmin/live.hpp"
#include "webadmin/target.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::webadmin {

/// One request on its way through the API.
struct Call {
    const http::Request& request;
    const Target& target;
    WallTime now;
    std::optional<Who> who{};         ///< None: a stranger, where one is let in.
    std::vector<std::string> names{}; ///< What stands for the {braces} of the path.
    Object sent{};                    ///< Checked.
    std::function<void(http::Response)> reply;
};

/// The REST API below /api/v1, /metrics and /healthz: tables of routes and of collections
/// (backend.hpp), from which the OpenAPI description is made too. Does no I/O of its own.
///
/// Who asks has logged in (Access) and may do what his role may (rights.hpp). A change that comes
/// with a cookie must come from our own page. Errors are problem details (RFC 9457); what is
/// changed by If-Match of an older state is refused; a POST with an Idempotency-Key is done once.
class Api {
public:
    static constexpr std::string_view root = "/api/v1";
    static constexpr std::size_t page_max = 1000;
    /// So many are looked at for one page; it may be short, and yet not the last.
    static constexpr std::size_t looked_at_max = 5000;
    static constexpr std::size_t remembered_max = 1000; ///< Answers, for Idempotency-Key.
    static constexpr std::chrono::minutes remembered_for{10};

    /// Behind it, what lets a telephone set itself up: not to be written into logs.
    static constexpr std::string_view setup_root = "/setup/";
    static constexpr std::chrono::hours setup_time{24};
    static constexpr std::size_t glances_max = 100;

    using Reply = std::function<void(http::Response)>;

    Api(Backend& backend, Access& access, const Live& live, Log& log);

    /// False: the path is none of ours.
    bool handle(const http::Request& request, WallTime now, Reply reply);

    /// Who may watch events by this request; none: nobody.
    std::optional<Who> watcher(const http::Request& request, WallTime now);
    /// What he may see of what goes on.
    [[nodiscard]] bool may_see(const Who& who, const std::string& room) const;

    /// The description of all this in OpenAPI 3.1.
    [[nodiscard]] Object description() const;

    /// A route that is no collection.
    struct Route {
        std::string_view method, path; ///< "/conferences/{room}"
        Right right;
        std::string_view about;
        std::vector<Field> sent;  ///< Of its body.
        std::vector<Field> shown; ///< Of its answer; empty: 204, without one.
        std::string_view list{};  ///< The answer is a list under this name of such things.
        void (Api::*run)(Call&);
        std::string_view type{}; ///< Of an answer that is no JSON.
    };

private:
    struct Remembered {
        std::string asked;
        http::Response response;
        WallTime until;
    };

    void add_session_routes();
    void add_passkey_routes();
    void add_presence_routes();
    void add_other_routes();
    void add_call_routes();
    void serve_health(const Reply& reply) const;
    void serve_setup(const http::Request& request, WallTime now, const Reply& reply);
    void serve_metrics(const http::Request& request, WallTime now, const Reply& reply);
    void dispatch(Call& call);
    bool dispatch_route(Call& call, std::span<const std::string> path);
    void dispatch_collection(Call& call, std::span<const std::string> path);
    [[nodiscard]] bool is_owner(const Call& call, const Collection& collection,
                                const std::string& key) const;
    /// Refuses and is false; else the body is in `call.sent`.
    bool let_in(Call& call, Right right, std::span<const Field> fields, Writing writing);
    bool is_remembered(Call& call);

    struct Wanted { ///< Of a list.
        Query query;
        std::vector<std::pair<const Field*, std::string>> equal;
        std::string since, until; ///< As JSON has times; empty: any.
        std::string owner{};      ///< Whose; empty: anybody's.

        [[nodiscard]] bool is_filtered() const {
            return !equal.empty() || !since.empty() || !until.empty() || !owner.empty();
        }
        [[nodiscard]] bool fits(const Object& object, const Collection& collection) const;
    };
    void list(Call& call, const Collection& collection);
    static Result<Wanted, Problem> wanted_by(const Target& target, const Collection& collection);
    void change(Call& call, const Collection& collection, const std::string& key);
    [[nodiscard]] bool is_current(Call& call, const Collection& collection,
                                  const std::optional<Object>& found) const;
    void note(const Call& call, std::string what, std::string whom,
              const std::optional<Problem>& refused);

    void show_session(Call& call);
    void log_in(Call& call);
    void log_out(Call& call);
    void use_link(Call& call);
    void set_password(Call& call);
    void offer_totp(Call& call);
    void set_totp(Call& call);
    void clear_totp(Call& call);
    void offer_passkey(Call& call);
    void add_passkey(Call& call);
    void use_passkey(Call& call);
    void list_passkeys(Call& call);
    void remove_passkey(Call& call);
    void list_conferences(Call& call);
    void show_conference(Call& call);
    void act(Call& call);
    void explain(Call& call);
    void show_messages(Call& call);
    void show_told(Call& call);
    void show_capture(Call& call);
    void offer_setup(Call& call);
    void glance(Call& call);
    void show_status(Call& call);
    void show_description(Call& call);

    Backend& backend_;
    Access& access_;
    const Live& live_;
    Log& log_;
    std::vector<Route> routes_;
    std::map<std::string, Remembered> remembered_; ///< By who and key.
    std::deque<std::string> remembered_order_;
};

} // namespace lyceum::webadmin
