// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "server/trunk/registration.hpp"
#include "server/trunk/trunk.hpp"
#include "sip/dialog/user_agent.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace lyceum::trunk {

using GatewayId = StrongId<struct GatewayTag>;

/// All trunks: which of their gateways live (OPTIONS to each, again and again), which one a call is
/// to try first, whether providers know us, and who it is that calls in from an address. It makes
/// no calls itself.
class Trunks {
public:
    struct Options {
        std::string server_name = "Lyceum";
        Duration look_every = 30s;   ///< OPTIONS to a gateway that lives, …
        Duration look_again = 10s;   ///< …and to one that does not.
        Duration answer_within = 5s; ///< Who takes longer is dead.
    };
    /// Why a gateway is not used, or that it is again; what the registrar says. For people.
    struct Changed {
        std::string trunk, gateway;
        std::string state; ///< "up", "registered", or what is wrong: "no answer", "403 Forbidden".
    };
    using Output = std::variant<sip::Locate, Changed>;

    /// One place to try for a call.
    struct Way {
        GatewayId gateway;
        std::string uri; ///< The Request-URI there.
        sip::Endpoint where;
    };

    Trunks(Options options, sip::UserAgent& agent, const sip::LocalAddresses& local, Random& random,
           Entropy& entropy, Log& log);

    /// These and no others; what has not changed goes on as it is.
    void set(std::vector<Trunk> trunks, TimePoint now);

    /// Takes what the user agent put out if it is about a request of ours. False: it is not.
    bool handle_stranger(const sip::UserAgent::Output& shown, TimePoint now);
    void handle_located(sip::LocateId id, std::vector<sip::Endpoint> targets, TimePoint now);
    void handle_timeout(TimePoint now);
    /// What a call has seen of a gateway: whether it answered at all.
    void handle_outcome(GatewayId gateway, bool answered, TimePoint now);

    [[nodiscard]] const Trunk* find(std::string_view name) const;
    /// Whose address this is; none: nobody's whom we know.
    [[nodiscard]] const Trunk* at(const IpAddress& address) const;
    /// Where to try a call, the best first: those that live, by priority and weight, then, since a
    /// wrong guess costs seconds and a refusal the call, the others.
    [[nodiscard]] std::vector<Way> ways(std::string_view name, std::string_view number);

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const {
        return earlier(looks_.deadline(), registrations_.deadline());
    }

private:
    struct Machine { ///< A gateway as we know it.
        std::string trunk;
        Gateway gateway;
        std::vector<sip::Endpoint> endpoints{};
        bool up = true; ///< Until the contrary is seen.
        std::optional<sip::TransactionId> asked{};
        std::string said{}; ///< The last state that was told.
    };
    struct Entry {
        Trunk trunk;
        std::vector<GatewayId> machines;
        std::optional<Registration> registration{};
        std::size_t registrar = 0; ///< Which of the machines is asked.
        std::string said{};
    };
    using Asked = std::variant<GatewayId, std::string>; ///< By OPTIONS, or a trunk by REGISTER.

    void add(Trunk trunk, TimePoint now);
    void remove(const std::string& name);
    void locate(GatewayId id, Machine& machine, TimePoint now);
    void look(GatewayId id, TimePoint now);
    void judge(GatewayId id, bool up, std::string_view state, TimePoint now);
    void send_register(Entry& entry, TimePoint now);
    void handle_registered(Entry& entry, const sip::Message* response, TimePoint now);
    void tell(const std::string& trunk, const std::string& gateway, std::string& said,
              std::string_view state);
    [[nodiscard]] std::vector<GatewayId> in_order(const Entry& entry);

    Options options_;
    sip::UserAgent& agent_;
    const sip::LocalAddresses& local_;
    Random& random_;
    Entropy& entropy_;
    Log& log_;
    std::map<std::string, Entry, std::less<>> entries_;
    std::map<GatewayId, Machine> machines_;
    std::uint64_t last_gateway_ = 0, last_locate_ = 0;
    std::unordered_map<sip::TransactionId, Asked> asked_;
    std::map<sip::LocateId, GatewayId> locating_;
    DeadlineQueue<GatewayId> looks_; ///< When to look at it, or to give up waiting.
    DeadlineQueue<std::string> registrations_;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<Trunks>);

} // namespace lyceum::trunk
