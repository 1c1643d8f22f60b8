// SPDX-License-Identifier: Apache-2.0
#include "presence/rules.hpp"

#include "base/text.hpp"
#include "presence/date_time.hpp"

#include <algorithm>

namespace lyceum::presence {
namespace {

constexpr std::string_view policy_ns = "urn:ietf:params:xml:ns:common-policy";
constexpr std::string_view rules_ns = "urn:ietf:params:xml:ns:pres-rules";

std::optional<Handling> handling_of(std::string_view text) {
    if (text == "block") return Handling::block;
    if (text == "confirm") return Handling::confirm;
    if (text == "polite-block") return Handling::polite_block;
    if (text == "allow") return Handling::allow;
    return std::nullopt;
}

/// Without parameters, so that it names somebody and not the way to him.
std::string_view plain(std::string_view uri) { return uri.substr(0, uri.find_first_of(";?")); }

std::string_view domain_of(std::string_view uri) {
    const auto at = uri.find('@');
    return at == std::string_view::npos ? std::string_view{} : plain(uri.substr(at + 1));
}

bool is_true(const xml::Element* element) {
    return element && (trim(element->text) == "true" || trim(element->text) == "1");
}

/// "provide-devices" and its like: all of them, or some by a name that we do not look at.
bool provides(const xml::Element& transformations, const char* name, const char* all) {
    const auto* element = transformations.child(rules_ns, name);
    return element && element->child(rules_ns, all);
}

} // namespace

Result<Rules, Fault> Rules::parse(std::string_view text) {
    const auto root = xml::parse(text);
    if (!root) return root.error();
    if (!root->is(policy_ns, "ruleset")) return Fault("not a ruleset", 0);
    Rules out;
    for (const auto& each : root->children) {
        if (!each.is(policy_ns, "rule")) continue;
        if (out.rules_.size() >= rules_max) return Fault("too many rules", 0);
        Rule rule;
        if (const auto* conditions = each.child(policy_ns, "conditions"))
            if (auto fault = read_conditions(*conditions, rule)) return std::move(*fault);
        if (const auto* actions = each.child(policy_ns, "actions"))
            if (const auto* action = actions->child(rules_ns, "sub-handling")) {
                const auto handling = handling_of(trim(action->text));
                if (!handling) return Fault("sub-handling is none that there is", 0);
                rule.grant.handling = *handling;
            }
        if (const auto* transformations = each.child(policy_ns, "transformations"))
            read_transformations(*transformations, rule.grant.view);
        out.rules_.push_back(std::move(rule));
    }
    return out;
}

std::optional<Fault> Rules::read_conditions(const xml::Element& conditions, Rule& rule) {
    for (const auto& each : conditions.children) {
        if (each.is(policy_ns, "identity")) {
            rule.for_anybody = false;
            if (auto fault = read_identity(each, rule)) return fault;
        } else if (each.is(policy_ns, "validity")) {
            for (std::size_t i = 0; i + 1 < each.children.size(); i += 2) {
                const auto from = parse_date_time(trim(each.children[i].text));
                const auto until = parse_date_time(trim(each.children[i + 1].text));
                if (!from || !until) return Fault("validity is no time", 0);
                rule.periods.push_back({*from, *until});
            }
            if (rule.periods.empty()) return Fault("validity without a time", 0);
        } else {
            rule.holds = false;
        }
    }
    return std::nullopt;
}

std::optional<Fault> Rules::read_identity(const xml::Element& identity, Rule& rule) {
    for (const auto& each : identity.children) {
        if (each.is(policy_ns, "one")) {
            const auto id = each.attribute("id");
            if (!id) return Fault("one without id", 0);
            rule.ids.emplace_back(plain(*id));
        } else if (each.is(policy_ns, "many")) {
            Group group;
            group.domain = each.attribute("domain").value_or("");
            for (const auto& except : each.children) {
                if (const auto id = except.attribute("id"))
                    group.except_ids.emplace_back(plain(*id));
                if (const auto domain = except.attribute("domain"))
                    group.except_domains.emplace_back(*domain);
            }
            rule.groups.push_back(std::move(group));
        }
    }
    return std::nullopt;
}

void Rules::read_transformations(const xml::Element& transformations, View& view) {
    const bool all = transformations.child(rules_ns, "provide-all-attributes");
    const bool persons = provides(transformations, "provide-persons", "all-persons");
    view.services = provides(transformations, "provide-services", "all-services");
    view.devices = provides(transformations, "provide-devices", "all-devices");
    view.activities =
        persons && (all || is_true(transformations.child(rules_ns, "provide-activities")));
    view.notes = all || is_true(transformations.child(rules_ns, "provide-note"));
    view.contact = all;
    view.others = all;
    for (const auto& each : transformations.children)
        if (each.is(rules_ns, "provide-unknown-attribute") && is_true(&each))
            view.contact |= each.attribute("ns") == cipid_ns;
}

bool Rules::is_about(const Rule& rule, std::string_view uri, WallTime now) {
    if (!rule.holds) return false;
    const bool in_time =
        rule.periods.empty() ||
        std::any_of(rule.periods.begin(), rule.periods.end(),
                    [&](const Period& each) { return each.from <= now && now < each.until; });
    if (!in_time) return false;
    if (rule.for_anybody) return true;
    const auto is_he = [&](const std::string& id) { return iequals(id, uri); };
    if (std::any_of(rule.ids.begin(), rule.ids.end(), is_he)) return true;
    const auto domain = domain_of(uri);
    const auto is_his = [&](const std::string& each) { return iequals(each, domain); };
    return std::any_of(rule.groups.begin(), rule.groups.end(), [&](const Group& group) {
        if (!group.domain.empty() && !iequals(group.domain, domain)) return false;
        return std::none_of(group.except_ids.begin(), group.except_ids.end(), is_he) &&
               std::none_of(group.except_domains.begin(), group.except_domains.end(), is_his);
    });
}

Grant Rules::grant(std::string_view watcher_uri, WallTime now) const {
    Grant out;
    for (const auto& rule : rules_) {
        if (!is_about(rule, plain(watcher_uri), now)) continue;
        out.handling = std::max(out.handling, rule.grant.handling);
        out.view.services |= rule.grant.view.services;
        out.view.devices |= rule.grant.view.devices;
        out.view.activities |= rule.grant.view.activities;
        out.view.notes |= rule.grant.view.notes;
        out.view.contact |= rule.grant.view.contact;
        out.view.others |= rule.grant.view.others;
    }
    if (out.handling != Handling::allow) out.view = View::blocked();
    return out;
}

std::optional<WallTime> Rules::changes_after(WallTime now) const {
    std::optional<WallTime> first;
    for (const auto& rule : rules_)
        for (const auto& period : rule.periods)
            for (const auto time : {period.from, period.until})
                if (time > now && (!first || time < *first)) first = time;
    return first;
}

} // namespace lyceum::presence
