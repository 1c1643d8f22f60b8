// SPDX-License-Identifier: Apache-2.0
#include "presence/resource_list.hpp"

#include "base/text.hpp"
#include "sip/message/values.hpp"

#include <algorithm>

namespace lyceum::presence {
namespace {

constexpr std::string_view lists_ns = "urn:ietf:params:xml:ns:resource-lists";
constexpr auto rlmi_ns = "urn:ietf:params:xml:ns:rlmi";

void collect(const xml::Element& list, std::vector<std::string>& out) {
    for (const auto& each : list.children) {
        if (each.is(lists_ns, "list")) collect(each, out);
        if (!each.is(lists_ns, "entry")) continue;
        const auto uri = trim(each.attribute("uri").value_or(""));
        if (!uri.empty() && std::find(out.begin(), out.end(), uri) == out.end())
            out.emplace_back(uri);
    }
}

class List final : public sip::EventView {
public:
    List(ListContents& contents, Entropy& entropy, const sip::Subscription& subscription,
         sip::EventSource& source)
        : contents_(contents), entropy_(entropy), source_(source),
          uri_(sip::uri_in(subscription.dialog.local_uri())), watcher_(subscription.watcher),
          type_(subscription.type), instance_(entropy.hex(4)) {
        for (auto& item : contents.items(subscription)) {
            const auto known = [&](const Told& each) {
                return each.item.uri == item.uri ||
                       (!item.resource.empty() && each.item.resource == item.resource);
            };
            if (std::any_of(told_.begin(), told_.end(), known)) continue;
            if (!item.resource.empty()) resources_.push_back(item.resource);
            told_.push_back({std::move(item)});
        }
    }

    [[nodiscard]] const std::vector<std::string>& resources() const override { return resources_; }

    std::optional<Telling> tell(bool all, std::uint32_t version) override {
        xml::Element list{rlmi_ns, "list"};
        list.set("uri", uri_);
        list.set("version", std::to_string(version));
        list.set("fullState", all ? "true" : "false");
        const auto mark = entropy_.hex(8);
        std::string states;
        bool more = false;
        for (auto& each : told_) {
            auto seen = state_of(each.item);
            if (!all && each.seen && is_same(seen, *each.seen)) continue;
            auto resource = xml::Element{rlmi_ns, "resource"};
            resource.set("uri", each.item.uri);
            const bool fits = states.size() < ResourceLists::states_bytes_max;
            if (fits) {
                const auto id = "<" + std::to_string(list.children.size()) + "." + mark + "@list>";
                resource.children.push_back(instance(seen, id));
                if (seen.state) append_part(states, mark, id, type_, number(each, *seen.state));
                each.seen = std::move(seen);
            } else if (all) {
                each.seen.reset();
            }
            more |= !fits;
            if (fits || all) list.children.push_back(std::move(resource));
        }
        if (!all && list.children.empty()) return std::nullopt;
        const auto start = "<list." + mark + "@list>";
        std::string text;
        append_part(text, mark, start, rlmi_type, xml::write(list));
        text.append(states).append("--" + mark + "--\r\n");
        return Telling{"multipart/related;type=\"application/rlmi+xml\";start=\"" + start +
                           "\";boundary=\"" + mark + "\"",
                       std::move(text), more};
    }

private:
    static constexpr std::string_view rlmi_type = "application/rlmi+xml;charset=\"UTF-8\"";

    struct Seen {
        std::optional<Handling> handling; ///< None: there is no such thing.
        sip::EventState state{};
    };
    struct Told {
        ListContents::Item item;
        std::optional<Seen> seen{}; ///< None: he has not been told of it.
        std::uint32_t count = 0;
    };

    [[nodiscard]] Seen state_of(const ListContents::Item& item) {
        if (item.resource.empty()) return {};
        const auto handling = contents_.handling(item.resource, watcher_);
        const bool seen = handling == Handling::allow || handling == Handling::polite_block;
        return {handling, seen ? source_.state(item.resource, watcher_, type_) : sip::EventState{}};
    }
    static bool is_same(const Seen& now, const Seen& then) {
        if (now.handling != then.handling) return false;
        if (!now.state || !then.state) return now.state == then.state;
        return now.state == then.state || now.state->tag == then.state->tag;
    }
    static std::string number(Told& told, const sip::EventBody& state) {
        return state.version_at ? state.numbered(told.count++) : state.text;
    }
    /// One subscription behind the list (§5.5).
    [[nodiscard]] xml::Element instance(const Seen& seen, const std::string& id) const {
        xml::Element out{rlmi_ns, "instance"};
        out.set("id", instance_);
        const bool over = !seen.handling || seen.handling == Handling::block;
        const bool waits = seen.handling == Handling::confirm;
        out.set("state", over ? "terminated" : waits ? "pending" : "active");
        if (over) out.set("reason", seen.handling ? "rejected" : "noresource");
        if (seen.state) out.set("cid", id.substr(1, id.size() - 2));
        return out;
    }
    static void append_part(std::string& out, std::string_view mark, std::string_view id,
                            std::string_view type, std::string_view content) {
        out.append("--").append(mark).append("\r\nContent-Transfer-Encoding: binary\r\n");
        out.append("Content-ID: ").append(id).append("\r\nContent-Type: ").append(type);
        out.append("\r\n\r\n").append(content).append("\r\n");
    }

    ListContents& contents_;
    Entropy& entropy_;
    sip::EventSource& source_;
    std::string uri_, watcher_, type_;
    std::string instance_; ///< The same for all: they count anew when the list is opened anew.
    std::vector<std::string> resources_;
    std::vector<Told> told_;
};

} // namespace

Result<std::vector<std::string>, Fault> uris_listed(std::string_view document) {
    const auto root = xml::parse(document);
    if (!root) return root.error();
    if (!root->is(lists_ns, "resource-lists")) return Fault("not resource-lists", 0);
    std::vector<std::string> out;
    collect(*root, out);
    if (out.size() > listed_max) return Fault("too many entries", 0);
    return out;
}

std::unique_ptr<sip::EventView> ResourceLists::open(const sip::Subscription& subscription,
                                                    sip::EventSource& source) {
    return std::make_unique<List>(contents_, entropy_, subscription, source);
}

} // namespace lyceum::presence
