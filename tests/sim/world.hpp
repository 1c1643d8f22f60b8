// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.hpp"
#include "mixer/conference_media.hpp"
#include "server/b2bua/b2bua.hpp"
#include "server/focus/focus.hpp"
#include "server/proxy/proxy.hpp"
#include "server/registrar/registrar.hpp"
#include "sip/dialog/user_agent.hpp"
#include "tests/kit/relays.hpp"
#include "tests/kit/sip.hpp"
#include "tests/sim/link.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lyceum::sim {

class Phone;

/// What a run found wrong; ends the run.
struct Violation : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Phones and the real focus, proxy, trunks, user agent and mixer, under a virtual clock and one
/// seed. Only sockets, clock, entropy and disk are replaced. The phones belong to members, one or
/// two to each, who are found in many ways; the last two are the gateways of a trunk. Somebody
/// leads the rooms: mutes, moves, calls in; and now and then the server crashes, in the middle of a
/// move, and another one starts with what was on disk. A run has two phases: faults on, with safety
/// checked at every step; then everything is healed and must come to rest.
class World final : public focus::MediaGateway,
                    public focus::Directory,
                    public routing::Directory,
                    public identity::Credentials {
public:
    struct Options {
        std::uint64_t seed = 1;
        bool trace = false;
        bool day = false; ///< 24 hours of sparse calls in place of a short storm.
    };

    explicit World(Options options);
    ~World() override;

    void run(); ///< Throws Violation.
    [[nodiscard]] std::uint64_t trace_hash() const { return hash_; }
    [[nodiscard]] const std::deque<std::string>& recent() const { return recent_; }
    [[nodiscard]] std::uint64_t calls_established() const { return established_; }

    /// \name For phones
    ///@{
    void send_sip(int phone, bool to_server, std::string bytes);
    void send_rtp(int phone, const SocketAddress& from, const SocketAddress& to, Bytes packet);
    void at(TimePoint when, std::function<void()> action);
    void note(std::string line);
    void count_established() { ++established_; }
    [[nodiscard]] int member_count() const { return static_cast<int>(members_.size()); }
    TimePoint now{};
    Random random;
    bool faults_on = true;
    ///@}

private:
    static constexpr std::size_t recent_max = 200;
    static constexpr Duration rtp_timeout = 10s;

    void begin(focus::ConferenceId conference, focus::ConferenceSound sound) override;
    void end(focus::ConferenceId conference) override;
    std::optional<SocketAddress> open(focus::ConferenceId, mixer::LegId,
                                      const focus::MediaSource&) override;
    void configure(focus::ConferenceId, mixer::LegId, focus::LegAccess,
                   mixer::LegSettings) override;
    void tell(focus::ConferenceId, focus::MediaCommand) override;
    void absorb(focus::ConferenceId, focus::ConferenceId) override;
    void close(focus::ConferenceId, mixer::LegId) override;
    std::optional<focus::Room> room(std::string_view name) override;
    std::optional<sip::StoredCredentials> credentials(std::string_view) override { return {}; }
    bool is_administrator(std::string_view) override { return false; }
    bool is_room(std::string_view name) override {
        return iequals(name, focus::Focus::echo_name) || room(name).has_value();
    }
    std::optional<routing::Member> member(std::string_view name) override;
    std::optional<std::string> alias(std::string_view) override { return std::nullopt; }
    std::vector<routing::NumberRoute> number_routes() override {
        routing::NumberRoute out{"+.", "trunk:pstn"};
        out.for_members = false;
        return {out};
    }
    void make_members(std::size_t phones);
    void boot();
    void crash();
    void lead();

    void phase(Duration length);
    bool step(TimePoint until);
    void drain();
    void drain_media(focus::ConferenceId id);
    void check_wire(const sip::Message& message, bool from_server);
    void check_safety() const;
    void check_rooms() const;
    void check_pairs() const;
    void check_rest();

    Options options_;
    NullLog log_;
    kit::FixedAddresses local_;
    identity::Domains domains_{"192.0.2.1"};
    struct Server;
    std::unique_ptr<Server> server_;                     ///< Another one after each crash.
    std::map<std::string, b2bua::KeptCall> kept_calls_;  ///< On disk.
    std::vector<registrar::Registration> registrations_; ///< On disk.
    std::map<std::string, routing::Member, std::less<>> members_;
    LinkFaults faults_;
    std::vector<std::unique_ptr<Phone>> phones_;
    std::multimap<TimePoint, std::function<void()>> events_;
    std::map<std::string, int> final_responses_;     ///< By branch: never two different ones.
    std::map<std::string, std::uint32_t> last_cseq_; ///< Of the server in each dialog.
    std::deque<std::string> recent_;
    std::uint64_t hash_ = 0xcbf29ce484222325ull;
    std::uint64_t established_ = 0;
};

} // namespace lyceum::sim
