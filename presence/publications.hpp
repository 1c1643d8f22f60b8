// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "presence/document.hpp"
#include "sip/message/refusal.hpp"
#include "sip/transaction/transaction_layer.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace lyceum::presence {

/// What one device has said of its owner, until when (RFC 3903).
struct Publication {
    std::string resource;
    std::string tag;  ///< The entity-tag: names this state of it.
    std::string body; ///< As it came.
    WallTime expires{};

    bool operator==(const Publication&) const = default;
};

/// The event state compositor of RFC 3903 §6, for presence: what has been published, by whom, until
/// when. A PUBLISH is answered 200 when it is on disk; what it says counts at once.
///
/// It does not know who may publish for whom, and does not compose (see composition.hpp).
class Publications {
public:
    struct Options {
        std::string server_name = "Lyceum";
        WallTime wall_at_zero{}; ///< What the wall clock says when the monotonic one says 0.
        Duration expires_min = std::chrono::seconds(60),
                 expires_standard = std::chrono::seconds(3600),
                 expires_max = std::chrono::seconds(7200);
        std::size_t body_bytes_max = 32 * 1024; ///< Beyond: 413.
        std::size_t of_resource_max = 16;       ///< Devices of one owner; beyond: 403.
        std::size_t publications_max = 100'000; ///< Beyond: 503 with Retry-After.
    };

    /// \name Outputs
    ///@{
    using SaveId = StrongId<struct PublicationSaveTag>;
    struct Answer {
        sip::TransactionId transaction;
        sip::Message response;
    };
    struct Save { ///< Put it on disk in the place of the one with that tag; tell `handle_saved`.
        SaveId id;
        std::string replaced;                   ///< An entity-tag, or empty.
        std::optional<Publication> publication; ///< None: it is gone.
    };
    struct Changed { ///< Something else is known of this resource.
        std::string resource;
    };
    ///@}
    using Output = std::variant<Answer, Save, Changed>;

    Publications(Options options, Entropy& entropy, Log& log);

    void restore(std::vector<Publication> publications, TimePoint now);

    /// A PUBLISH with Event presence, from somebody who may speak for the resource.
    void handle_publish(const sip::RequestReceived& received, const std::string& resource,
                        TimePoint now);
    void handle_saved(SaveId id, bool done);
    void handle_timeout(TimePoint now);
    /// What he says without a device and until he says otherwise (RFC 4827); none: nothing.
    void set_hard_state(const std::string& resource, std::optional<Document> document);

    /// What has been said of it, in no order that means anything.
    [[nodiscard]] std::vector<const Document*> of(std::string_view resource) const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return deadlines_.deadline(); }

private:
    using Id = StrongId<struct PublicationTag>;
    struct Entry {
        Publication publication;
        Document document;
    };
    struct Waiting {
        sip::TransactionId transaction;
        sip::Message response;
    };

    Result<Duration, sip::Refusal> lifetime_of(const sip::Message& request) const;
    Result<Document, sip::Refusal> document_of(const sip::Message& request) const;
    std::optional<sip::Refusal> begin(const sip::RequestReceived& received,
                                      const std::string& resource, Duration lifetime,
                                      TimePoint now);
    std::optional<sip::Refusal> modify(const sip::RequestReceived& received, Id id,
                                       Duration lifetime, TimePoint now);
    Entry& enter(Publication publication, Document document, TimePoint now);
    void remove(Id id);
    void save(const sip::RequestReceived& received, std::string replaced,
              std::optional<Publication> publication, TimePoint now);
    void refuse(const sip::RequestReceived& received, const sip::Refusal& refusal);
    [[nodiscard]] WallTime wall(TimePoint now) const {
        return options_.wall_at_zero + now.time_since_epoch();
    }

    Options options_;
    Entropy& entropy_;
    Log& log_;
    std::unordered_map<Id, Entry> entries_;
    std::map<std::string, std::vector<Id>, std::less<>> of_resource_;
    std::unordered_map<std::string, Id> by_tag_;
    std::map<std::string, Document, std::less<>> hard_state_;
    DeadlineQueue<Id> deadlines_;
    std::unordered_map<SaveId, Waiting> waiting_;
    std::uint64_t last_id_ = 0, last_save_ = 0;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<Publications>);

} // namespace lyceum::presence
