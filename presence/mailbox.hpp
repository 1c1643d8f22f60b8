// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/core.hpp"
#include "base/deadline_queue.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "presence/cpim.hpp"
#include "sip/dialog/user_agent.hpp"
#include "sip/event/package.hpp"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace lyceum::presence {

using MailId = StrongId<struct MailTag>;

/// A MESSAGE for somebody who was not there.
struct Mail {
    MailId id; ///< Later ones have higher ids.
    std::string recipient;
    std::string request; ///< As it came, octet for octet.
    WallTime received{};
};

/// Keeps messages (RFC 3428) for members whose devices cannot be reached, and delivers them when
/// one of them registers: in order, each until a device has taken it. The sender is told 202 when
/// his message is on disk. One that says until when it is good (Expires) is kept no longer; that
/// somebody is composing one (RFC 3994) is not kept at all.
///
/// To the proxy it is a phone on the line inside, which sends what it has kept as it came: the same
/// From, body and headers, but for what the way here has added. It knows no addresses.
///
/// A sender who has asked for it (IMDN, RFC 5438) is told that his message waits, and that it will
/// never be delivered: by a message in its reader's name, which waits for him like any other. That
/// it was delivered or read, the reader's device says.
class Mailbox {
public:
    struct Options {
        std::string server_name = "Lyceum";
        WallTime wall_at_zero{}; ///< What the wall clock says when the monotonic one says 0.
        Duration kept = std::chrono::days(30);
        std::size_t of_recipient_max = 200; ///< Beyond: 480, as if nothing were kept.
        std::size_t mails_max = 100'000;    ///< Of all; beyond: the same.
    };

    /// \name Outputs
    ///@{
    struct Save { ///< Put it on disk and tell `handle_saved`.
        Mail mail;
        [[nodiscard]] const std::string& recipient() const { return mail.recipient; }
    };
    struct Forget { ///< It was delivered, or is too old.
        MailId mail;
        std::string whose;
        [[nodiscard]] const std::string& recipient() const { return whose; }
    };
    ///@}
    using Output = std::variant<Save, Forget>;
    /// The name of a member as a URI.
    using UriOf = std::function<std::string(std::string_view recipient)>;

    Mailbox(Options options, sip::UserAgent& agent, UriOf uri_of, Entropy& entropy, Log& log);

    void restore(std::vector<Mail> mails, TimePoint now);

    /// A MESSAGE that nobody could be given; answered here.
    void keep(const sip::RequestReceived& received, const std::string& recipient, TimePoint now);
    /// One of his devices has registered.
    void handle_present(std::string_view recipient, TimePoint now);
    /// Takes what the user agent put out if it is about a message of ours. False: it is not.
    bool handle_stranger(const sip::UserAgent::Output& shown, TimePoint now);
    void handle_saved(MailId id, bool done, TimePoint now);
    void handle_timeout(TimePoint now);

    [[nodiscard]] std::size_t waiting_for(std::string_view recipient) const;
    [[nodiscard]] std::size_t size() const { return recipients_.size(); } ///< Of all that is kept.

    std::optional<Output> poll();
    [[nodiscard]] std::optional<TimePoint> deadline() const { return deadlines_.deadline(); }

private:
    struct Box { ///< Of one recipient.
        std::map<MailId, Mail> mails;
        std::optional<MailId> under_way{};
    };
    struct Waiting {
        sip::TransactionId transaction;
        sip::Message request;
        std::string recipient;
    };

    [[nodiscard]] TimePoint kept_until(const Mail& mail, const sip::Message& request) const;
    void deliver(Box& box, TimePoint now);
    std::optional<Mail> take_out(std::string_view recipient, MailId id);
    void forget(std::string_view recipient, MailId id);
    /// It will not be delivered: he who wrote it hears so, then it is forgotten.
    void give_up(std::string_view recipient, MailId id, TimePoint now);
    /// What tells its sender what has become of it; none: he has not asked for that.
    std::optional<sip::TransactionId> tell_sender(const Mail& mail, Receipt::Kind kind,
                                                  TimePoint now);
    void answer(const sip::RequestReceived& received, int status, TimePoint now);
    [[nodiscard]] sip::Message delivery_of(const Mail& mail) const;

    Options options_;
    sip::UserAgent& agent_;
    UriOf uri_of_;
    Entropy& entropy_;
    Log& log_;
    std::map<std::string, Box, std::less<>> boxes_;
    std::unordered_map<MailId, Waiting> waiting_; ///< To be on disk.
    struct Sent {
        std::string recipient;
        MailId mail;
    };
    std::unordered_map<sip::TransactionId, Sent> sent_;
    std::unordered_map<sip::TransactionId, Forget> given_up_; ///< By what tells their senders.
    DeadlineQueue<MailId> deadlines_;
    std::unordered_map<MailId, std::string> recipients_; ///< Of all that is kept.
    std::uint64_t last_id_ = 0;
    std::deque<Output> outputs_;
};

static_assert(SansIoCore<Mailbox>);

inline constexpr std::string_view message_summary_type = "application/simple-message-summary";

/// The package `message-summary` (RFC 3842): whether there is something to be fetched.
class MessageSummary final : public sip::EventSource {
public:
    MessageSummary(const Mailbox& mailbox, Mailbox::UriOf uri_of)
        : mailbox_(mailbox), uri_of_(std::move(uri_of)) {}

    sip::EventState state(std::string_view resource, std::string_view watcher,
                          std::string_view type) override;

private:
    const Mailbox& mailbox_;
    Mailbox::UriOf uri_of_;
};

} // namespace lyceum::presence
