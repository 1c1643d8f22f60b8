// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/deadline_queue.hpp"
#include "base/text.hpp"
#include "server/identity/domains.hpp"
#include "server/identity/identity.hpp"
#include "server/registrar/binding.hpp"
#include "server/registrar/temporary_gruus.hpp"
#include "sip/message/refusal.hpp"
#include "sip/transaction/transaction_layer.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace lyceum::registrar {

using SaveId = StrongId<struct SaveTag>;

/// The registrar of our domains, RFC 3261 §10.3, and the location service behind it: which devices
/// a member is reached by. A REGISTER is answered 200 when what it changed is on disk; until then
/// it is in memory, where the next one of the same member finds it.
///
/// Members register themselves, by digest, and administrators anybody. It does not route: it is
/// asked where somebody is by `bindings`. Path (RFC 3327) is kept and echoed, and answered by
/// Service-Route (RFC 3608). A device may have several
/// flows (RFC 5626), told apart by instance and reg-id, and gets addresses of its own (RFC 5627).
class Registrar {
public:
    struct Options {
        identity::Domains domains{}; ///< That Request-URI and To may name.
        std::string server_name = "Lyceum";
        WallTime wall_at_zero{}; ///< What the wall clock says when the monotonic one says 0.
        Duration expires_min = 60s, expires_standard = 3600s, expires_max = 7200s;
        Duration flow_timer = 120s;    ///< How often a device has to say that its flow is alive.
        std::size_t bindings_max = 10; ///< Of one member; beyond: 403.
        /// Answers that wait for the disk; beyond: 503 with Retry-After.
        std::size_t waiting_max = 10'000;
        std::shared_ptr<const TemporaryGruus> temporary{}; ///< None: public GRUUs only.
    };

    /// \name Outputs
    ///@{
    struct Answer {
        sip::TransactionId transaction;
        sip::Message response;
    };
    struct Save { ///< Put it on disk and say so with `handle_saved`.
        SaveId id;
        Registration registration;
    };
    ///@}
    using Output = std::variant<Answer, Save>;

    Registrar(Options options, identity::Identity& identity, const sip::LocalAddresses& local,
              Entropy& entropy, Log& log);

    /// What was on disk at the start. Those that have expired are left out.
    void restore(std::vector<Registration> registrations, TimePoint now);

    void handle_request(const sip::RequestReceived& received, TimePoint now);
    void handle_saved(SaveId id, bool done);
    void handle_timeout(TimePoint now);

    /// Where the member is reached, the most wanted first; empty: nowhere.
    [[nodiscard]] const std::vector<Binding>& bindings(std::string_view user) const;
    [[nodiscard]] std::size_t size() const { return members_.size(); } ///< Members with bindings.

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return expiries_.deadline(); }

private:
    using Headers = std::vector<std::pair<sip::Header, std::string>>;
    struct Waiting { ///< For its change to be on disk.
        sip::TransactionId transaction;
        sip::Message response;
    };

    std::optional<sip::Refusal> authorize(const sip::RequestReceived& received, std::string& user,
                                          TimePoint now);
    Result<std::vector<Binding>, sip::Refusal> changed(const sip::RequestReceived& received,
                                                       const std::vector<Binding>& now_bound,
                                                       TimePoint now) const;
    std::optional<sip::Refusal> remove_all(const sip::Message& request,
                                           std::vector<Binding>& bindings) const;
    std::optional<sip::Refusal> change_one(const sip::RequestReceived& received,
                                           std::string_view value, std::vector<Binding>& bindings,
                                           TimePoint now) const;
    void keep(const std::string& user, std::vector<Binding> bindings);
    void save(const std::string& user, std::optional<Waiting> waiting);
    void refuse(const sip::RequestReceived& received, const sip::Refusal& refusal);
    sip::Message accept(const sip::RequestReceived& received, const std::string& user,
                        const std::vector<Binding>& bindings, TimePoint now);
    [[nodiscard]] WallTime wall(TimePoint now) const;

    Options options_;
    identity::Identity& identity_;
    const sip::LocalAddresses& local_;
    Entropy& entropy_;
    Log& log_;
    std::unordered_map<std::string, std::vector<Binding>, TextHash, std::equal_to<>> members_;
    DeadlineQueue<std::string> expiries_;
    std::uint64_t last_save_ = 0;
    std::unordered_map<SaveId, Waiting> waiting_;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<Registrar>);

} // namespace lyceum::registrar
