// SPDX-License-Identifier: Apache-2.0
#include "presence/xcap_selector.hpp"

#include "base/text.hpp"

#include <map>

namespace lyceum::presence::xcap {
namespace {

using Prefixes = std::map<std::string, std::string, std::less<>>;

/// The query: xmlns(prefix=namespace), one after the other (RFC 4825 §6.4).
Result<Prefixes, Fault> read_prefixes(std::string_view query) {
    Prefixes out;
    const auto text = unescape_percent(query);
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto end = rest.find(')');
        if (!rest.starts_with("xmlns(") || end == std::string_view::npos)
            return Fault("bad query", 0);
        auto ns = rest.substr(6, end - 6);
        const auto prefix = cut(ns, '=');
        if (prefix.empty() || ns.empty()) return Fault("bad query", 0);
        out.emplace(prefix, ns);
        rest.remove_prefix(end + 1);
    }
    return out;
}

/// "x:name" with what the prefix means.
bool read_name(std::string_view text, const Prefixes& prefixes, const std::string& standard,
               std::string& ns, std::string& name) {
    const auto colon = text.find(':');
    ns = standard;
    if (colon != std::string_view::npos) {
        const auto known = prefixes.find(text.substr(0, colon));
        if (known == prefixes.end()) return false;
        ns = known->second;
        text.remove_prefix(colon + 1);
    }
    name = text;
    return !text.empty() && text.find_first_of("[]@\"'=/ ") == std::string_view::npos;
}

/// `3` or `@name="friends"`.
bool read_condition(std::string_view text, Step& step) {
    if (!text.starts_with('@')) {
        const auto position = parse_number<std::size_t>(text);
        if (!position || *position == 0 || step.position || step.attribute) return false;
        step.position = position;
        return true;
    }
    text.remove_prefix(1);
    const auto name = cut(text, '=');
    const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') &&
                        text.front() == text.back();
    if (name.empty() || !quoted || step.attribute) return false;
    step.attribute.emplace(name, text.substr(1, text.size() - 2));
    return true;
}

std::optional<Step> read_step(std::string_view text, const Prefixes& prefixes,
                              const std::string& standard) {
    Step out;
    auto rest = text;
    const auto bracket = std::min(rest.find('['), rest.size());
    if (!read_name(rest.substr(0, bracket), prefixes, standard, out.ns, out.name))
        return std::nullopt;
    rest.remove_prefix(bracket);
    while (!rest.empty()) {
        // A bracket in a value does not end it.
        const char quote = rest.starts_with("[@")
                               ? rest[std::min(rest.find_first_of("\"'"), rest.size() - 1)]
                               : ']';
        auto end = rest.find(']');
        if (quote != ']') {
            const auto close = rest.find(quote, rest.find(quote) + 1);
            end = close == std::string_view::npos ? close : rest.find(']', close);
        }
        if (!rest.starts_with('[') || end == std::string_view::npos) return std::nullopt;
        if (!read_condition(rest.substr(1, end - 1), out)) return std::nullopt;
        rest.remove_prefix(end + 1);
    }
    return out;
}

} // namespace

bool Step::names(const xml::Element& element) const { return name == "*" || element.is(ns, name); }

bool Step::fits(const xml::Element& element) const {
    return names(element) &&
           (!attribute || element.attribute(attribute->first) == attribute->second);
}

Result<Selector, Fault>
Selector::parse(std::string_view target,
                const std::function<std::string(std::string_view)>& namespace_of) {
    if (target.size() > target_bytes_max) return Fault("too long", target_bytes_max);
    auto query = target;
    auto path = cut(query, '?');
    if (!path.starts_with('/')) return Fault("no path", 0);
    path.remove_prefix(1);
    Selector out;
    out.auid = unescape_percent(cut(path, '/'));
    const auto tree = cut(path, '/');
    if (tree == "users") out.owner = unescape_percent(cut(path, '/'));
    else if (tree != "global") return Fault("neither users nor global", 0);
    out.document = unescape_percent(cut(path, '/'));
    if (out.auid.empty() || out.document.empty() || (out.owner && out.owner->empty()))
        return Fault("no document", 0);
    if (path.empty()) return out;
    if (cut(path, '/') != "~~") return Fault("documents have no folders", 0);
    const auto prefixes = read_prefixes(query);
    if (!prefixes) return prefixes.error();
    const auto standard = namespace_of(out.auid);
    while (!path.empty()) {
        const auto text = unescape_percent(cut(path, '/'));
        const bool last = path.empty() && !out.steps.empty();
        if (last && text == "namespace::*") {
            out.namespaces = true;
        } else if (last && text.starts_with('@')) {
            out.attribute = text.substr(1);
            if (out.attribute.empty()) return Fault("no attribute", 0);
        } else {
            auto step = read_step(text, *prefixes, standard);
            if (!step || out.steps.size() == steps_max) return Fault("bad node selector", 0);
            out.steps.push_back(std::move(*step));
        }
    }
    if (out.steps.empty()) return Fault("bad node selector", 0);
    return out;
}

std::optional<std::size_t> select(const std::vector<xml::Element>& siblings, const Step& step) {
    std::optional<std::size_t> found;
    std::size_t position = 0;
    for (std::size_t i = 0; i < siblings.size(); ++i) {
        if (!step.names(siblings[i])) continue;
        ++position;
        if (step.position && position != *step.position) continue;
        if (!step.fits(siblings[i])) continue;
        if (found) return std::nullopt;
        found = i;
    }
    return found;
}

} // namespace lyceum::presence::xcap
