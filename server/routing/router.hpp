// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/identity/domains.hpp"
#include "server/registrar/registrar.hpp"
#include "server/routing/groups.hpp"
#include "server/routing/numbers.hpp"
#include "server/routing/plan.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::routing {

/// Where calls for a member go in place of his devices. Each is a URI or a name of ours, or empty.
struct Forwarding {
    std::string always, busy, no_answer, unreachable;
    Duration no_answer_after = 20s;

    bool operator==(const Forwarding&) const = default;
};

/// One step of a find-me list: ring there so long, then go on.
struct Step {
    static constexpr std::string_view devices = "devices"; ///< All that he has registered.
    std::string target;
    Duration ring_for = 15s;

    bool operator==(const Step&) const = default;
};

/// How a member wants to be found.
struct Member {
    Forwarding forwarding;
    std::vector<Step> steps;     ///< Empty: his devices, the most wanted first.
    bool do_not_disturb = false; ///< None of it rings: as if he were busy.
};

/// A port: the names that are ours. Answers without waiting for the network.
class Directory {
public:
    virtual ~Directory() = default;
    /// Rooms, and what else the server answers itself, such as the echo.
    virtual bool is_room(std::string_view name) = 0;
    virtual std::optional<Member> member(std::string_view name) = 0;
    /// What another name stands for: a name of ours or a URI.
    virtual std::optional<std::string> alias(std::string_view name) = 0;
    virtual std::vector<NumberRoute> number_routes() = 0;
};

/// Says where a Request-URI leads: to this server itself, to the devices of a member, by an alias
/// or by what the member has set to somewhere else, out of our domains, by a trunk, or nowhere. It
/// sends nothing and asks nobody who he is.
///
/// A name is looked up as a room, as a member, as an alias, in this order; then, if it is a number,
/// in its global form as well, and in the dial plan, where the pattern counts that says most.
class Router {
public:
    static constexpr int detours_max = 5; ///< Of aliases and forwardings on one way.

    struct Options {
        identity::Domains domains{};
        Duration serial_ring = 15s; ///< How long a device rings before one of a lower q does.
        NumberPlan numbers{};
        std::shared_ptr<const registrar::TemporaryGruus> temporary{}; ///< None: there are none.
    };

    /// Where a member is reached now, the most wanted first: the registrar's answer.
    using Location = std::function<const std::vector<registrar::Binding>&(std::string_view)>;

    Router(Options options, Directory& directory, Location location);

    [[nodiscard]] Plan plan(std::string_view request_uri) const;
    /// The room or the member that a URI of ours names, by whatever alias; none: nobody.
    struct Named {
        std::string name;
        bool is_room;
    };
    [[nodiscard]] std::optional<Named> named(std::string_view uri) const;
    /// Whether its way leads on to somebody else, by its routes.
    [[nodiscard]] bool passes_by(const sip::Message& request) const;
    /// Whether its way ends here: at a name of ours.
    [[nodiscard]] bool is_ours(const sip::Message& request) const;
    /// A name of ours as a URI.
    [[nodiscard]] std::string uri_of(std::string_view name) const;
    /// Those of the organisation; a group is asked for by its name, and is nobody to call.
    [[nodiscard]] const Groups& groups() const { return groups_; }
    void set_groups(Groups groups) { groups_ = std::move(groups); }
    /// Rooms that are in no directory: those that last as long as somebody is in them.
    void set_passing_rooms(std::function<bool(std::string_view)> has) {
        has_room_ = std::move(has);
    }
    /// Who says by his presence that he does not want to be disturbed.
    void set_quiet(std::function<bool(std::string_view member)> wants) {
        wants_quiet_ = std::move(wants);
    }
    /// Whether he has set that nothing rings.
    [[nodiscard]] bool do_not_disturb(std::string_view member) const {
        const auto known = directory_.member(member);
        return known && known->do_not_disturb;
    }
    [[nodiscard]] const Options& options() const { return options_; }
    [[nodiscard]] const identity::Domains& domains() const { return options_.domains; }

private:
    using Seen = std::set<std::string, std::less<>>;

    [[nodiscard]] bool is_room(std::string_view name) const {
        return directory_.is_room(name) || (has_room_ && has_room_(name));
    }
    [[nodiscard]] Plan plan(std::string_view uri, Seen& seen) const;
    [[nodiscard]] std::optional<Plan> plan_name(const std::string& name, Seen& seen) const;
    [[nodiscard]] Plan plan_number(const Number& number, Seen& seen) const;
    [[nodiscard]] Plan plan_member(const std::string& name, const Member& member, Seen& seen) const;
    /// Where a detour leads, all of it at once.
    [[nodiscard]] std::optional<Group> detour(const std::string& name, std::string_view target,
                                              std::string_view reason, Seen& seen) const;
    [[nodiscard]] std::vector<Group> devices(std::string_view name, std::string_view gr = {}) const;
    /// Of a temporary address of one device; none: it is no such address.
    [[nodiscard]] std::optional<Plan> plan_temporary(std::string_view name) const;

    Options options_;
    Directory& directory_;
    Location location_;
    Groups groups_;
    std::function<bool(std::string_view)> has_room_, wants_quiet_;
};

/// What has registered.
Router::Location location_of(const registrar::Registrar& registrar);

/// A plan as a person reads it, a line for each group.
std::string explain(const Plan& plan);

} // namespace lyceum::routing
