// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "base/strong_id.hpp"
#include "presence/xcap_documents.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lyceum::presence::xcap {

/// A document that somebody keeps here; an empty body: he has removed it.
struct Document {
    std::string auid, owner, body;

    bool operator==(const Document&) const = default;
};

/// A port: whose names are whose.
class Names {
public:
    virtual ~Names() = default;
    /// The member that an XUI means, be it a name or a URI; none: nobody of ours.
    virtual std::optional<std::string> member_of(std::string_view xui) = 0;
    /// Whether a service may have this URI: one of ours that is nobody's.
    virtual bool is_free(std::string_view uri) = 0;
};

/// The XCAP server (RFC 4825): documents of members, and parts of them, by HTTP. Each member has
/// one document of a kind, `index`, and is the only one to see and change it. A change is answered
/// when it is on disk.
///
/// What comes is HTTP taken apart; who sends it, its owner has found out. A document that is put as
/// a whole is kept octet for octet; one that is changed in parts is written anew, without comments.
class Server {
public:
    static constexpr std::size_t documents_max = 100'000;
    static constexpr std::string_view document_name = "index";

    struct Request {
        std::string method, target; ///< The target without the root: "/resource-lists/users/…".
        std::string type, body;
        std::string if_match, if_none_match; ///< As the headers say it; empty: not there.
    };
    struct Response {
        int status = 200;
        std::string type{}, etag{}, body{};
    };

    /// \name Outputs
    ///@{
    using RequestId = StrongId<struct XcapRequestTag>;
    using SaveId = StrongId<struct XcapSaveTag>;
    struct Answer {
        RequestId request;
        Response response;
    };
    struct Save { ///< Put it on disk and tell `handle_saved`; it holds from then on.
        SaveId id;
        Document document;
    };
    ///@}
    using Output = std::variant<Answer, Save>;

    Server(Names& names, Log& log) : names_(names), log_(log) {}

    /// What is on disk: at the start, or since another process has changed it.
    void set(Document document);
    /// From a member who has proven to be it.
    void handle_request(RequestId id, const Request& request, const std::string& user);
    /// Gives what has changed, if it is on disk.
    std::optional<Document> handle_saved(SaveId id, bool done);

    /// A change of it is on its way to the disk.
    [[nodiscard]] bool is_changing(std::string_view auid, std::string_view owner) const;
    /// Empty: there is none.
    [[nodiscard]] std::string_view document(std::string_view auid, std::string_view owner) const;
    /// The entity-tags of all that he keeps, by AUID.
    [[nodiscard]] std::map<std::string, std::string> tags_of(std::string_view owner) const;

    std::optional<Output> poll();

private:
    using Key = std::pair<std::string, std::string>; ///< AUID and owner.
    struct Waiting {
        RequestId request;
        Response response;
        Document document;
    };
    /// None: it is a change that waits for the disk.
    std::optional<Response> serve(RequestId id, const Request& request, const std::string& user);
    std::optional<Response> change(RequestId id, const Request& request, const Selector& selector,
                                   const Application& application, const std::string& owner);
    [[nodiscard]] Response get(std::string_view body, const Selector& selector,
                               const Application& application, const std::string& seen) const;
    [[nodiscard]] std::optional<Conflict>
    check(const Application& application, const xml::Element& root, const std::string& owner) const;

    Names& names_;
    Log& log_;
    std::map<Key, std::string, std::less<>> documents_;
    std::map<std::string, std::string, std::less<>> services_; ///< URI and owner.
    std::map<SaveId, Waiting> waiting_;
    std::uint64_t last_save_ = 0;
    std::deque<Output> outputs_;
};

} // namespace lyceum::presence::xcap
