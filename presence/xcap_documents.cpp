// SPDX-License-Identifier: Apache-2.0
#include "presence/xcap_documents.hpp"

#include "base/text.hpp"
#include "presence/resource_list.hpp"
#include "presence/schemas.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace lyceum::presence::xcap {
namespace {

using xml::Element;

constexpr std::string_view lists_ns = "urn:ietf:params:xml:ns:resource-lists";
constexpr std::size_t services_max = 100;    // Of one owner.
constexpr std::size_t references_max = 1000; // That are followed for all of them.
constexpr std::string_view services_ns = "urn:ietf:params:xml:ns:rls-services";

Conflict invalid(std::string why) { return {"schema-validation-error", std::move(why)}; }

/// None: it is as the schema says.
std::optional<Conflict> check_schema(std::string_view name, const Element& root) {
    static std::map<std::string_view, xml::Schema> known;
    const auto& schema = known.try_emplace(name, presence::schema(name)).first->second;
    auto fault = schema.check(xml::write(root));
    return fault ? std::optional(invalid(std::move(fault->what))) : std::nullopt;
}

/// Names of lists and URIs of entries are there once in their list (RFC 4826 §3.4.5).
std::optional<Conflict> check_list(const Element& list) {
    std::set<std::string_view> names, uris, anchors, refs;
    const auto is_second = [](std::set<std::string_view>& known, const Element& each,
                              const char* attribute) {
        const auto value = each.attribute(attribute);
        return value && !known.insert(*value).second;
    };
    for (const auto& each : list.children) {
        if (each.is(lists_ns, "list")) {
            if (is_second(names, each, "name"))
                return Conflict{"uniqueness-failure", "two lists of one name"};
            if (auto conflict = check_list(each)) return conflict;
        } else if (each.is(lists_ns, "entry")) {
            if (is_second(uris, each, "uri"))
                return Conflict{"uniqueness-failure", "two entries of one uri"};
        } else if (each.is(lists_ns, "external")) {
            if (is_second(anchors, each, "anchor"))
                return Conflict{"uniqueness-failure", "the same list is referred to twice"};
        } else if (each.is(lists_ns, "entry-ref")) {
            if (is_second(refs, each, "ref"))
                return Conflict{"uniqueness-failure", "the same entry is referred to twice"};
        }
    }
    return std::nullopt;
}

std::optional<Conflict> check_services(const Element& root) {
    if (root.children.size() > services_max)
        return Conflict{"constraint-failure", "too many services"};
    std::set<std::string_view> uris;
    for (const auto& each : root.children) {
        if (!uris.insert(*each.attribute("uri")).second)
            return Conflict{"uniqueness-failure", "two services of one uri"};
        const auto* list = each.child(services_ns, "list");
        if (!list) continue;
        // What is in it, another schema says.
        Element lists{std::string(lists_ns), "resource-lists"};
        lists.children.push_back(*list);
        lists.children[0].ns = lists_ns;
        if (auto conflict = check_schema("resource-lists", lists)) return conflict;
        if (auto conflict = check_list(*list)) return conflict;
    }
    return std::nullopt;
}

std::optional<Conflict> check_rules(const Element& root) {
    const auto rules = Rules::parse(xml::write(root));
    return rules ? std::nullopt : std::optional(invalid(rules.error().what));
}

std::optional<Conflict> check_hard_state(const Element& root) {
    const auto document = presence::Document::parse(xml::write(root));
    return document ? std::nullopt : std::optional(invalid(document.error().what));
}

std::optional<Conflict> check_nothing(const Element&) { return std::nullopt; }

constexpr std::array<Application, 5> all{{
    {"resource-lists", lists_ns, resource_lists_type, "resource-lists", check_list},
    {"rls-services", services_ns, "application/rls-services+xml", "rls-services", check_services},
    {"pres-rules", "urn:ietf:params:xml:ns:common-policy", rules_type, "common-policy",
     check_rules},
    {"pidf-manipulation", pidf_ns, pidf_type, "pidf", check_hard_state},
    {"xcap-caps",
     "urn:ietf:params:xml:ns:xcap-caps",
     "application/xcap-caps+xml",
     {},
     check_nothing},
}};

Element* find_in(Element& root, std::span<const Step> steps) {
    return const_cast<Element*>(find(root, steps)); // A part of what may be changed.
}

/// An element by itself; prefixes that it does not explain mean what they usually do.
Result<Element, Conflict> fragment_of(std::string_view text, const std::string& ns) {
    if (!is_utf8(text)) return Conflict{"not-utf-8"};
    const auto around = "<around xmlns=\"" + ns + "\" xmlns:rl=\"" + std::string(lists_ns) +
                        "\" xmlns:cp=\"urn:ietf:params:xml:ns:common-policy\" "
                        "xmlns:pr=\"urn:ietf:params:xml:ns:pres-rules\">" +
                        std::string(text) + "</around>";
    auto parsed = xml::parse(around);
    if (!parsed) return Conflict{"not-xml-frag", parsed.error().what};
    if (parsed->children.size() != 1 || !trim(parsed->text).empty() ||
        !trim(parsed->children[0].tail).empty())
        return Conflict{"not-xml-frag", "not one element"};
    auto out = std::move(parsed->children[0]);
    out.tail.clear();
    return out;
}

/// Where among its siblings a new one stands (§8.2.3); none: it cannot be where it is to be.
std::optional<std::size_t> place_for(const std::vector<Element>& siblings, const Step& step) {
    std::size_t count = 0;
    std::size_t behind_last = siblings.size();
    for (std::size_t i = 0; i < siblings.size(); ++i) {
        if (!step.names(siblings[i])) continue;
        if (step.position == ++count) return i;
        behind_last = i + 1;
    }
    if (step.position && *step.position != count + 1) return std::nullopt;
    return behind_last;
}

Result<bool, Conflict> put_attribute(Element& element, const std::string& name,
                                     std::string_view value) {
    if (!is_utf8(value)) return Conflict{"not-utf-8"};
    if (value.find('<') != std::string_view::npos) return Conflict{"not-xml-att-value"};
    const bool fresh = !element.attribute(name);
    element.set(name, value);
    return fresh;
}

/// Follows what lists of one owner refer to.
class References {
public:
    References(std::string_view resource_lists,
               const std::function<bool(std::string_view)>& is_owner)
        : root_(xml::parse(resource_lists)), is_owner_(is_owner) {}

    /// What a service says: a list of its own, or where one is.
    std::vector<std::string> members_of(const Element& service) {
        uris_.clear();
        known_.clear();
        followed_.clear();
        if (const auto* own = service.child(services_ns, "list")) collect(*own);
        else if (const auto* named = service.child(services_ns, "resource-list"))
            follow(trim(named->text));
        return uris_;
    }

private:
    void collect(const Element& list) {
        for (const auto& each : list.children) {
            if (uris_.size() >= listed_max) return;
            if (each.is(lists_ns, "list")) collect(each);
            else if (each.is(lists_ns, "entry")) add(each);
            else if (each.is(lists_ns, "external"))
                follow(trim(each.attribute("anchor").value_or("")));
            else if (each.is(lists_ns, "entry-ref")) {
                // Below the root: a path without the stroke that it would begin with (§3.2).
                const auto path = "/" + std::string(trim(each.attribute("ref").value_or("")));
                if (const auto* entry = named(path); entry && entry->name == "entry") add(*entry);
            }
        }
    }
    void add(const Element& entry) {
        const auto uri = trim(entry.attribute("uri").value_or(""));
        if (!uri.empty() && known_.emplace(uri).second) uris_.emplace_back(uri);
    }
    void follow(std::string_view uri) {
        const auto path = uri.find(lists_path);
        const auto* list = path == std::string_view::npos ? nullptr : named(uri.substr(path));
        if (list && list->name == "list" && followed_.insert(list).second) collect(*list);
    }
    [[nodiscard]] const Element* named(std::string_view path) {
        if (left_ == 0) return nullptr;
        --left_;
        const auto of_lists = [](std::string_view) { return std::string(lists_ns); };
        const auto selector = Selector::parse(path, of_lists);
        const bool his = selector && selector->auid == "resource-lists" && selector->owner &&
                         is_owner_(*selector->owner);
        return his && root_ ? find(*root_, selector->steps) : nullptr;
    }

    static constexpr std::string_view lists_path = "/resource-lists/users/";

    Result<Element, Fault> root_;
    const std::function<bool(std::string_view)>& is_owner_;
    std::size_t left_ = references_max;
    std::set<const Element*> followed_; ///< Whom they name is in the list already.
    std::set<std::string, std::less<>> known_;
    std::vector<std::string> uris_;
};

} // namespace

std::span<const Application> applications() { return all; }

const Application* application_of(std::string_view auid) {
    const auto* found = std::find_if(all.begin(), all.end(),
                                     [&](const Application& each) { return each.auid == auid; });
    return found == all.end() ? nullptr : found;
}

std::optional<Conflict> check(const Application& application, const Element& root) {
    if (!application.schema.empty())
        if (auto conflict = check_schema(application.schema, root)) return conflict;
    return application.check(root);
}

const Element* find(const Element& root, std::span<const Step> steps) {
    if (steps.empty() || !steps.front().fits(root) || steps.front().position.value_or(1) != 1)
        return nullptr;
    const auto* at = &root;
    for (const auto& step : steps.subspan(1)) {
        const auto index = select(at->children, step);
        if (!index) return nullptr;
        at = &at->children[*index];
    }
    return at;
}

Result<bool, Conflict> put(Element& root, const Selector& at, std::string_view text) {
    const std::span<const Step> steps(at.steps);
    if (!at.attribute.empty()) {
        auto* element = find_in(root, steps);
        if (!element) return Conflict{"no-parent"};
        return put_attribute(*element, at.attribute, text);
    }
    auto* parent = steps.size() > 1 ? find_in(root, steps.first(steps.size() - 1)) : nullptr;
    if (!parent && steps.size() > 1) return Conflict{"no-parent"};
    const auto& last = steps.back();
    auto fresh = fragment_of(text, parent ? parent->ns : root.ns);
    if (!fresh) return fresh.error();
    // Else another GET would find another one (§8.2.1).
    if (!last.fits(*fresh)) return Conflict{"cannot-insert", "it is not what the URI names"};
    if (!parent) {
        if (!last.fits(root)) return Conflict{"no-parent"};
        root = std::move(*fresh);
        return false;
    }
    auto& siblings = parent->children;
    if (const auto known = select(siblings, last)) {
        fresh->tail = siblings[*known].tail;
        siblings[*known] = std::move(*fresh);
        return false;
    }
    const auto place = place_for(siblings, last);
    if (!place) return Conflict{"cannot-insert", "there are not so many"};
    siblings.insert(siblings.begin() + static_cast<std::ptrdiff_t>(*place), std::move(*fresh));
    if (select(siblings, last) != place) return Conflict{"cannot-insert", "the URI names several"};
    return true;
}

Result<bool, Conflict> remove(Element& root, const Selector& at) {
    const std::span<const Step> steps(at.steps);
    if (!at.attribute.empty()) {
        auto* element = find_in(root, steps);
        if (!element) return false;
        return std::erase_if(element->attributes, [&](const xml::Attribute& each) {
                   return each.ns.empty() && each.name == at.attribute;
               }) > 0;
    }
    if (steps.size() == 1) {
        if (!steps[0].fits(root)) return false;
        return Conflict{"cannot-delete", "a document has a root"};
    }
    auto* parent = find_in(root, steps.first(steps.size() - 1));
    const auto index = parent ? select(parent->children, steps.back()) : std::nullopt;
    if (!index) return false;
    parent->children.erase(parent->children.begin() + static_cast<std::ptrdiff_t>(*index));
    // By a position, the next one would have moved there.
    if (select(parent->children, steps.back()))
        return Conflict{"cannot-delete", "the URI would name another one"};
    return true;
}

std::vector<Service> services_in(std::string_view rls_services, std::string_view resource_lists,
                                 const std::function<bool(std::string_view)>& is_owner) {
    std::vector<Service> out;
    const auto root = xml::parse(rls_services);
    if (!root) return out;
    References references(resource_lists, is_owner);
    for (const auto& each : root->children)
        if (const auto uri = each.attribute("uri"))
            out.push_back({std::string(*uri), references.members_of(each)});
    return out;
}

} // namespace lyceum::presence::xcap
