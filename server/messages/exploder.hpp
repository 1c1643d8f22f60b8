// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/rate_limit.hpp"
#include "server/identity/identity.hpp"
#include "server/records/call_records.hpp"
#include "server/routing/router.hpp"
#include "sip/dialog/user_agent.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lyceum::messages {

/// Makes many messages of one (RFC 5365 calls it an exploder): a MESSAGE to a room is for the
/// members who are in it, one to a group for everybody in that, one that brings a list for whom it
/// names. The sender is answered when it is certain of each what has become of it: 202 if anybody
/// has it, on a device or in the mailbox.
///
/// Each copy goes the way of any message to that member, so it rings at all his devices and waits
/// for him when he is away. What comes by a room or a group is from that, so that an answer goes to
/// all; the display name says who wrote it. A room may have a history: who comes later is told what
/// was written last, as long as it is in session.
///
/// Who writes has to be in the room or the group, and to prove who he is, or to write inside of his
/// call to the room: so do guests (`handle_written`), and what is written in a room reaches them
/// there. What a guest writes is not kept for anybody. Lists reach members only.
/// That somebody is composing (RFC 3994) is not passed on.
class Exploder {
public:
    struct Options {
        std::string server_name = "Lyceum";
        double per_minute = 30;            ///< Of one sender; beyond: 503.
        std::size_t under_way_max = 1'000; ///< Messages; beyond: 503.
        Duration patience = 25s;           ///< Then the sender is told what is known.
        std::size_t history_max = 100;     ///< Of one room, whatever that asks for.
        std::size_t history_bytes_max = 64 * 1024;
        /// How many messages a room remembers.
        std::function<std::size_t(std::string_view room)> history{};
        /// The calls of those in a room who are not known as members.
        std::function<std::vector<sip::SessionId>(std::string_view room)> guests =
            [](std::string_view) { return std::vector<sip::SessionId>(); };
    };
    struct Author {               ///< Who writes in his call to a room.
        std::string room, member; ///< No member: a guest.
        std::string display;      ///< For people.
        sip::SessionId session;
    };

    Exploder(Options options, sip::UserAgent& agent, const routing::Router& router,
             identity::Identity& identity, const records::CallRecords& records, Entropy& entropy,
             Log& log);

    /// Takes what the user agent put out if it is about such a message. False: it is not.
    bool handle_stranger(const sip::UserAgent::Output& shown, TimePoint now);
    void handle_written(const Author& author, const sip::RequestReceived& received, TimePoint now);
    /// Somebody has come into one of these rooms, or left.
    void handle_talks(const std::set<std::string>& changed, TimePoint now);
    void handle_timeout(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> deadline() const { return deadlines_.deadline(); }

private:
    using Readers = std::set<std::string, std::less<>>;
    using JobId = StrongId<struct JobTag>;
    struct Job { ///< One message, and what has become of its copies.
        sip::RequestReceived received;
        std::size_t open = 0, taken = 0;
        int failed = 0; ///< Status of the last that nobody took.
    };
    struct Letter { ///< What all the copies have in common.
        std::string display, from, asserted, type, body;
        std::vector<std::pair<sip::Header, std::string>> headers{};
    };
    struct Session { ///< Of a room with a history.
        Readers present;
        std::vector<sip::SessionId> guests;
        std::deque<Letter> history;
    };

    std::optional<sip::Refusal> explode(const sip::RequestReceived& received, TimePoint now);
    Result<Readers, sip::Refusal> readers_of(const sip::Message& request, const std::string& sender,
                                             std::string& by) const;
    [[nodiscard]] Result<Readers, sip::Refusal> listed_in(const sip::Message& request) const;
    [[nodiscard]] Letter letter_of(const sip::Message& request, const std::string& name,
                                   const std::string& sender, const std::string& by) const;
    struct Addressees {
        Readers members;
        std::vector<sip::SessionId> guests{};
    };
    /// `sender` is whom the limit is for.
    std::optional<sip::Refusal> pass_on(const sip::RequestReceived& received,
                                        const std::string& sender, const Letter& letter,
                                        const std::string& by, const Addressees& to, TimePoint now);
    void write(sip::SessionId guest, const Letter& letter, TimePoint now);
    [[nodiscard]] sip::Message copy_for(const std::string& reader, const Letter& letter) const;
    void send(const std::string& reader, const Letter& letter, JobId job, TimePoint now);
    void remember(const std::string& room, const Letter& letter);
    void finish(JobId id, TimePoint now);
    void refuse(const sip::RequestReceived& received, const sip::Refusal& refusal, TimePoint now);

    Options options_;
    sip::UserAgent& agent_;
    const routing::Router& router_;
    identity::Identity& identity_;
    const records::CallRecords& records_;
    Entropy& entropy_;
    Log& log_;
    RateLimit<std::string> by_sender_;
    std::map<JobId, Job> jobs_;
    std::unordered_map<sip::TransactionId, JobId> sent_;
    std::map<std::string, Session, std::less<>> sessions_;
    DeadlineQueue<JobId> deadlines_;
    std::uint64_t last_id_ = 0;
};

} // namespace lyceum::messages
