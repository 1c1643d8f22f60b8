// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/random.hpp"
#include "sip/message/uri.hpp"
#include "sip/transaction/endpoint.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace lyceum::sip {

/// \name Answers of the DNS, as far as SIP needs them
///@{
struct NaptrRecord {
    std::uint16_t order = 0, preference = 0;
    std::string flags, service, replacement, regexp{};
};
struct SrvRecord {
    std::uint16_t priority = 0, weight = 0, port = 0;
    std::string target;
};
struct DnsAnswer { ///< All empty: no such record, or the query failed.
    std::vector<NaptrRecord> naptr;
    std::vector<SrvRecord> srv;
    std::vector<IpAddress> addresses;
};
///@}

/// Finds the servers of one URI: RFC 3263 §4. NAPTR chooses the transport, SRV the servers (in the
/// random order of RFC 2782), A and AAAA their addresses; each step falls back on the next. Asks
/// one question at a time and never looks a name up itself.
class ServerLocator {
public:
    struct Query {
        enum class Type { naptr, srv, address };
        Type type;
        std::string name;

        bool operator==(const Query&) const = default;
    };
    using Answer = std::vector<Endpoint>;
    static constexpr std::size_t targets_max = 16;

    /// `uri` is sip or sips. Read `query()` next.
    ServerLocator(const Uri& uri, Random& random);

    void handle_answer(const DnsAnswer& answer);

    /// What to ask the DNS now; nothing when done.
    [[nodiscard]] std::optional<Query> query() const {
        return queries_.empty() ? std::nullopt : std::optional(queries_.front().query);
    }
    /// When done: where to send, best first. Empty: the name does not resolve.
    [[nodiscard]] const Answer& answer() const { return targets_; }

private:
    struct Step {
        Query query;
        Transport transport;
        std::uint16_t port;
    };
    void handle_naptr(const DnsAnswer& answer);
    void handle_srv(const Step& step, const DnsAnswer& answer);
    void ask_srv();
    void ask_address();
    [[nodiscard]] std::vector<SrvRecord> in_order(std::vector<SrvRecord> records);

    Random& random_;
    std::string host_;
    bool secure_;
    Transport transport_ = Transport::udp;
    std::optional<std::uint16_t> port_;
    bool found_srv_ = false;
    std::deque<Step> queries_;
    std::vector<Endpoint> targets_;
};

} // namespace lyceum::sip
