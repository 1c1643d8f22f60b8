// SPDX-License-Identifier: Apache-2.0
#include "presence/xcap_documents.hpp"

#include "base/text.hpp"
#include "presence/resource_list.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace lyceum::presence::xcap {
namespace {

using xml::Element;

constexpr std::string_view lists_ns = "urn:ietf:params:xml:ns:resource-lists";
constexpr std::string_view services_ns = "urn:ietf:params:xml:ns:rls-services";

Conflict invalid(std::string why) { return {"schema-validation-error", std::move(why)}; }

/// Names of lists and URIs of entries are there once in their list (RFC 4826 §3.4.5).
std::optional<Conflict> check_list(const Element& list) {
    std::set<std::string_view> names, uris;
    for (const auto& each : list.children) {
        if (each.is(lists_ns, "list")) {
            const auto name = each.attribute("name");
            if (name && !names.insert(*name).second)
                return Conflict{"uniqueness-failure", "two lists of one name"};
            if (auto conflict = check_list(each)) return conflict;
        } else if (each.is(lists_ns, "entry")) {
            const auto uri = each.attribute("uri");
            if (!uri) return invalid("an entry without uri");
            if (!uris.insert(*uri).second)
                return Conflict{"uniqueness-failure", "two entries of one uri"};
        } else if (each.ns == lists_ns && each.name != "external" && each.name != "entry-ref" &&
                   each.name != "display-name") {
            return invalid("there is no " + each.name + " in a list");
        }
    }
    return std::nullopt;
}

std::optional<Conflict> check_lists(const Element& root) {
    if (!root.is(lists_ns, "resource-lists")) return invalid("not resource-lists");
    for (const auto& each : root.children)
        if (each.ns == lists_ns && each.name != "list") return invalid("only lists are in it");
    return check_list(root);
}

std::optional<Conflict> check_services(const Element& root) {
    if (!root.is(services_ns, "rls-services")) return invalid("not rls-services");
    std::set<std::string_view> uris;
    for (const auto& each : root.children) {
        if (!each.is(services_ns, "service")) return invalid("only services are in it");
        const auto uri = each.attribute("uri");
        if (!uri) return invalid("a service without uri");
        if (!uris.insert(*uri).second)
            return Conflict{"uniqueness-failure", "two services of one uri"};
        const auto* list = each.child(services_ns, "list");
        if (!list == !each.child(services_ns, "resource-list"))
            return invalid("a service has a list or a resource-list");
        if (list)
            if (auto conflict = check_list(*list)) return conflict;
    }
    return std::nullopt;
}

std::optional<Conflict> check_rules(const Element& root) {
    const auto rules = Rules::parse(xml::write(root));
    return rules ? std::nullopt : std::optional(invalid(rules.error().what));
}

std::optional<Conflict> check_nothing(const Element&) { return std::nullopt; }

constexpr std::array<Application, 4> all{{
    {"resource-lists", lists_ns, resource_lists_type, check_lists},
    {"rls-services", services_ns, "application/rls-services+xml", check_services},
    {"pres-rules", "urn:ietf:params:xml:ns:common-policy", rules_type, check_rules},
    {"xcap-caps", "urn:ietf:params:xml:ns:xcap-caps", "application/xcap-caps+xml", check_nothing},
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

/// Those of the list that the service has itself, or that it names by its URI.
std::vector<std::string> members_of(const Element& service, std::string_view resource_lists) {
    Element root{std::string(lists_ns), "resource-lists"};
    if (const auto* own = service.child(services_ns, "list")) {
        root.children.push_back(*own);
        root.children[0].ns = lists_ns;
    } else if (const auto* reference = service.child(services_ns, "resource-list")) {
        const auto uri = trim(reference->text);
        const auto at = uri.find("/resource-lists/users/");
        if (at == std::string_view::npos) return {};
        const auto of_lists = [](std::string_view) { return std::string(lists_ns); };
        const auto selector = Selector::parse(uri.substr(at), of_lists);
        const auto known = xml::parse(resource_lists);
        const auto* named = selector && known ? find(*known, selector->steps) : nullptr;
        if (!named) return {};
        root.children.push_back(*named);
    }
    auto uris = uris_listed(xml::write(root));
    return uris ? std::move(*uris) : std::vector<std::string>{};
}

} // namespace

std::span<const Application> applications() { return all; }

const Application* application_of(std::string_view auid) {
    const auto* found = std::find_if(all.begin(), all.end(),
                                     [&](const Application& each) { return each.auid == auid; });
    return found == all.end() ? nullptr : found;
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

std::vector<Service> services_in(std::string_view rls_services, std::string_view resource_lists) {
    std::vector<Service> out;
    const auto root = xml::parse(rls_services);
    if (!root) return out;
    for (const auto& each : root->children)
        if (const auto uri = each.attribute("uri"))
            out.push_back({std::string(*uri), members_of(each, resource_lists)});
    return out;
}

} // namespace lyceum::presence::xcap
