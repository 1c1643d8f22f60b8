// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "sip/message/message.hpp"
#include "sip/message/writer.hpp"

#include <optional>
#include <string>
#include <vector>

namespace lyceum::sip {

/// What identifies a dialog at one of its ends, RFC 3261 §12.
struct DialogKey {
    std::string call_id, local_tag, remote_tag;

    auto operator<=>(const DialogKey&) const = default;

    /// The key under which a request that came to us belongs.
    static std::optional<DialogKey> of_request(const Message& request);
};

/// A dialog of ours that a request from outside of it names, as it is kept here: in Replaces (RFC
/// 3891 §6.1), Join (RFC 3911 §7.1) or Target-Dialog (RFC 4538 §7).
struct DialogReference {
    DialogKey key;
    bool early_only = false; ///< Not if it has been answered.

    /// None: it names none.
    static std::optional<DialogReference> parse(Header header, std::string_view value);
};

/// The state of one dialog, RFC 3261 §12.1: identity, sequence numbers, route set, remote target.
/// It writes requests inside the dialog and checks those that come. What the dialog is used for (a
/// session, a subscription) is not its business.
class Dialog {
public:
    /// All that it is, for who keeps dialogs on disk.
    struct Parts {
        DialogKey key;
        std::string local_uri, remote_uri; ///< From and To with their tags, as written.
        std::string remote_target;
        std::vector<std::string> route_set;
        std::uint32_t local_cseq = 0;
        std::optional<std::uint32_t> remote_cseq{};

        bool operator==(const Parts&) const = default;
    };
    explicit Dialog(const Parts& parts);
    [[nodiscard]] Parts parts() const;

    /// From the request that creates it and the tag that our response will carry (§12.1.1).
    static Result<Dialog, Fault> uas(const Message& request, std::string local_tag);
    /// From our request and a response that creates it: 101–299 with a To tag (§12.1.2).
    static Result<Dialog, Fault> uac(const Message& request, const Message& response);

    /// A request inside the dialog (§12.2.1.1), up to and including Max-Forwards; no Via, no
    /// Contact. Its CSeq is the next, except for an ACK, which names the INVITE that it
    /// acknowledges.
    MessageWriter request(Method method, std::size_t room = MessageWriter::usual_room);
    /// The same in somebody's name, which stands in From and says nothing about the dialog. As
    /// between quotation marks: what NameAddr calls `display`.
    MessageWriter request(Method method, std::string_view display);
    MessageWriter ack(std::uint32_t invite_cseq) const;

    /// False for a CSeq lower than the last: 500 (§12.2.2). Remembers the new one.
    bool handle_cseq(std::uint32_t number);
    /// INVITE and UPDATE and their 2xx move the remote target (§12.2.1.2, RFC 3311 §5.1).
    void refresh_target(const Message& message);
    /// The route set of an early dialog is computed anew from the 2xx (§13.2.2.4).
    void confirm(const Message& response);

    [[nodiscard]] DialogKey key() const;
    [[nodiscard]] std::uint32_t local_cseq() const { return local_cseq_; }
    [[nodiscard]] std::string_view remote_target() const { return view(target_); }
    [[nodiscard]] std::string_view local_uri() const { return view(local_uri_); } ///< With its tag.
    [[nodiscard]] const std::vector<std::string>& route_set() const { return route_set_; }
    /// The URI to send to: the first route, or the remote target.
    [[nodiscard]] std::string next_hop() const;

private:
    /// There may be a hundred thousand, each of which is looked at now and then: what its requests
    /// say lies in one piece.
    struct Piece {
        std::uint32_t at = 0, size = 0;
    };
    MessageWriter start(Method method, std::uint32_t cseq,
                        std::size_t room = MessageWriter::usual_room,
                        std::string_view display = {}) const;
    [[nodiscard]] std::string_view view(Piece piece) const {
        return std::string_view(text_).substr(piece.at, piece.size);
    }

    std::string text_;
    Piece target_, local_uri_, remote_uri_, call_id_, local_tag_, remote_tag_;
    std::vector<std::string> route_set_;
    std::uint32_t local_cseq_ = 0;
    std::optional<std::uint32_t> remote_cseq_{};
};

} // namespace lyceum::sip
