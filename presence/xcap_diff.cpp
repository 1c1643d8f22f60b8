// SPDX-License-Identifier: Apache-2.0
#include "presence/xcap_diff.hpp"

#include "presence/xml.hpp"

#include <utility>

namespace lyceum::presence::xcap {

using xml::Element;

namespace {
const std::string ns = "urn:ietf:params:xml:ns:xcap-diff";
} // namespace

/// What one device knows of them.
class Diff::View final : public sip::EventView {
public:
    View(const Diff& diff, std::string_view owner) : diff_(diff), owner_(owner) {}

    std::optional<Telling> tell(bool all, std::uint32_t) override {
        auto now = diff_.server_.tags_of(owner_);
        if (!all && now == known_) return std::nullopt;
        auto text = diff_.between(owner_, all ? Tags() : known_, now);
        known_ = std::move(now);
        return Telling{std::string(diff_type), std::move(text), false};
    }

private:
    const Diff& diff_;
    std::string owner_;
    Tags known_;
};

sip::EventState Diff::state(std::string_view owner, std::string_view, std::string_view) {
    return std::make_shared<sip::EventBody>(between(owner, {}, server_.tags_of(owner)));
}

std::unique_ptr<sip::EventView> Diff::follow(std::string_view owner, std::string_view,
                                             std::string_view) {
    return std::make_unique<View>(*this, owner);
}

std::string Diff::between(std::string_view owner, const Tags& before, const Tags& now) const {
    Element root{ns, "xcap-diff"};
    root.set("xcap-root", root_);
    auto all = before;
    all.insert(now.begin(), now.end());
    for (const auto& [auid, tag] : all) {
        const auto old = before.find(auid), fresh = now.find(auid);
        if (old != before.end() && fresh != now.end() && old->second == fresh->second) continue;
        Element document{ns, "document"};
        if (fresh != now.end()) document.set("new-etag", fresh->second);
        if (old != before.end()) document.set("previous-etag", old->second);
        document.set("sel",
                     auid + "/users/" + uri_of_(owner) + "/" + std::string(Server::document_name));
        root.children.push_back(std::move(document));
    }
    return xml::write(root);
}

} // namespace lyceum::presence::xcap
