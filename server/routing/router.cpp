// SPDX-License-Identifier: Apache-2.0
#include "server/routing/router.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace lyceum::routing {
namespace {

/// A phone is sent to where it says it is, unless that cannot be where its REGISTER came from: then
/// it is behind a NAT and is reached by the hole that it made, or by the connection that it opened.
std::optional<sip::Endpoint> where_of(const registrar::Binding& binding) {
    if (!binding.path.empty()) return std::nullopt;
    if (is_reliable(binding.source.transport)) return binding.source;
    const auto contact = sip::endpoint_of(binding.contact);
    if (contact && contact->address.ip == binding.source.address.ip) return contact;
    const auto uri = sip::Uri::parse(binding.contact);
    const bool named = uri && !contact && !iequals(uri->host, "localhost") &&
                       !to_lower(uri->host).ends_with(".invalid");
    if (named || binding.source.address.port == 0) return std::nullopt;
    return binding.source;
}

/// A Request-URI has no header fields (RFC 3261 §19.1.1, table 1).
Target target_of(const registrar::Binding& binding) {
    return {binding.contact.substr(0, binding.contact.find('?')),
            binding.path,
            where_of(binding),
            {},
            binding.features,
            {},
            true};
}

Group outside(std::string_view uri) {
    Group out;
    out.targets.push_back({std::string(uri), {}, {}, {}, {}, {}, false});
    return out;
}

/// The trunk stands where the host of the Request-URI is; who makes calls by trunks knows it.
Group by_trunk(std::string_view trunk, const std::string& dialled, std::string number) {
    auto out = outside("sip:" + dialled + "@" + std::string(trunk));
    out.targets.front().where = sip::inside(sip::Inside::b2bua);
    out.targets.front().number = std::move(number);
    return out;
}

bool is_uri(std::string_view text) {
    const auto uri = sip::Uri::parse(text);
    return uri && (uri->is_sip() || uri->scheme == sip::Uri::Scheme::tel);
}

} // namespace

Router::Router(Options options, Directory& directory, Location location)
    : options_(std::move(options)), directory_(directory), location_(std::move(location)) {}

Plan Router::plan(std::string_view request_uri) const {
    Seen seen;
    return plan(request_uri, seen);
}

bool Router::passes_by(const sip::Message& request) const {
    for (const auto route : request.values(sip::Header::route))
        if (!domains().contains(sip::uri_in(route))) return true;
    return false;
}

bool Router::is_ours(const sip::Message& request) const {
    return domains().contains(request.request_uri()) && !passes_by(request);
}

std::string Router::uri_of(std::string_view name) const {
    return "sip:" + std::string(name) + "@" + options_.domains.first();
}

Plan Router::plan(std::string_view uri_text, Seen& seen) const {
    const auto uri = sip::Uri::parse(uri_text);
    if (!uri) return {};
    if (uri->is_sip() && !options_.domains.contains(*uri)) {
        Plan out;
        out.groups.push_back(outside(uri_text));
        out.outward = true;
        return out;
    }
    const auto name = uri->user_name();
    const auto gr = uri->params.find("gr").value_or("");
    if (uri->is_sip() && !gr.empty() && directory_.member(name)) {
        Plan out; // This device, whatever its owner has set for the others.
        out.groups = devices(name, gr);
        out.member = name;
        return out;
    }
    if (uri->is_sip())
        if (auto temporary = plan_temporary(name)) return std::move(*temporary);
    if (uri->is_sip())
        if (auto named = plan_name(name, seen)) return std::move(*named);
    const auto number = number_in(*uri, options_.numbers);
    return number ? plan_number(*number, seen) : Plan{};
}

/// Once the device has registered by another Call-ID, it is nobody's (RFC 5627 §5.4).
std::optional<Plan> Router::plan_temporary(std::string_view name) const {
    const auto meant = options_.temporary ? options_.temporary->open(name) : std::nullopt;
    if (!meant) return std::nullopt;
    const auto& bindings = location_(meant->user);
    const bool lasts =
        std::any_of(bindings.begin(), bindings.end(), [&](const registrar::Binding& each) {
            return registrar::gr_of(each.instance) == meant->gr &&
                   options_.temporary->mark_of(each.call_id) == meant->call;
        });
    Plan out;
    if (!lasts || !directory_.member(meant->user)) return out;
    out.groups = devices(meant->user, meant->gr);
    out.member = meant->user;
    return out;
}

/// None: there is no such name.
std::optional<Plan> Router::plan_name(const std::string& name, Seen& seen) const {
    if (name.empty() || is_room(name)) {
        Plan out;
        out.groups.emplace_back().here = name;
        return out;
    }
    const auto member = directory_.member(name);
    const auto meant = member ? std::nullopt : directory_.alias(name);
    if (!member && !meant) return std::nullopt;
    if (!seen.insert(name).second || seen.size() > detours_max) return Plan{};
    if (member) return plan_member(name, *member, seen);
    auto out = plan(is_uri(*meant) ? *meant : uri_of(*meant), seen);
    // What an administrator has written down may lead out for everybody.
    out.outward = false;
    return out;
}

std::optional<Router::Named> Router::named(std::string_view uri_text) const {
    std::string text(uri_text);
    for (int detour = 0; detour <= detours_max; ++detour) {
        const auto uri = sip::Uri::parse(text);
        if (!uri || !uri->is_sip() || !options_.domains.contains(*uri)) return std::nullopt;
        const auto name = uri->user_name();
        if (name.empty()) return std::nullopt;
        if (is_room(name)) return Named{to_lower(name), true};
        if (directory_.member(name)) return Named{name, false};
        const auto meant = directory_.alias(name);
        if (!meant) return std::nullopt;
        text = is_uri(*meant) ? *meant : uri_of(*meant);
    }
    return std::nullopt;
}

Plan Router::plan_number(const Number& number, Seen& seen) const {
    for (const auto* form : {&number.dialled, &number.global})
        if (auto named = plan_name(*form, seen)) return std::move(*named);
    const NumberRoute* best = nullptr;
    std::string matched;
    unsigned most = 0;
    const auto routes = directory_.number_routes();
    for (const auto& route : routes)
        for (const auto& form : {number.dialled, number.global}) {
            const auto fit = route.fits(form);
            if (!fit || *fit <= most) continue;
            most = *fit;
            best = &route;
            matched = form;
        }
    const bool emergency = options_.numbers.emergency.contains(number.dialled);
    Plan out;
    out.emergency = emergency;
    const bool asks = options_.numbers.asks_dns && number.is_global() && !emergency;
    if (!best && asks) {
        out.groups.push_back(outside({}));
        out.groups.back().targets.front().number = number.global;
        out.outward = true;
    }
    // An emergency number is not just any number that happens to begin like others.
    if (!best || (emergency && best->pattern != number.dialled)) return out;
    const auto rewritten = best->rewritten(matched);
    const auto target = best->target_with(rewritten);
    if (!seen.insert("route " + best->pattern).second || seen.size() > detours_max) return out;
    if (best->trunk().empty()) out = plan(is_uri(target) ? target : uri_of(target), seen);
    else out.groups.push_back(by_trunk(best->trunk(), rewritten, asks ? number.global : ""));
    out.outward = best->for_members;
    out.redirects = best->redirects;
    out.emergency = emergency;
    return out;
}

Plan Router::plan_member(const std::string& name, const Member& member, Seen& seen) const {
    Plan out;
    out.member = name;
    const auto& set = member.forwarding;
    if (!set.always.empty()) {
        if (auto group = detour(name, set.always, "unconditional", seen))
            out.groups.push_back(std::move(*group));
        return out;
    }
    if (member.do_not_disturb || (wants_quiet_ && wants_quiet_(name))) {
        out.undisturbed = true;
        if (set.busy.empty()) return out;
        if (auto group = detour(name, set.busy, "do-not-disturb", seen))
            out.groups.push_back(std::move(*group));
        return out;
    }
    if (member.steps.empty()) {
        out.groups = devices(name);
        if (!out.groups.empty() && !set.no_answer.empty())
            out.groups.back().ring_for = set.no_answer_after;
    }
    for (const auto& step : member.steps) {
        auto groups = devices(name);
        if (step.target != Step::devices) {
            groups.clear();
            if (auto group = detour(name, step.target, "follow-me", seen))
                groups.push_back(std::move(*group));
        }
        for (auto& group : groups) group.ring_for = step.ring_for;
        std::move(groups.begin(), groups.end(), std::back_inserter(out.groups));
    }
    struct Detour {
        When when;
        const std::string& target;
        std::string_view reason;
    };
    for (const auto& [when, target, reason] :
         {Detour{When::busy, set.busy, "user-busy"},
          Detour{When::no_answer, set.no_answer, "no-answer"},
          Detour{When::unreachable, set.unreachable, "unavailable"}}) {
        if (target.empty()) continue;
        auto group = detour(name, target, reason, seen);
        if (!group) continue;
        group->when = when;
        out.groups.push_back(std::move(*group));
    }
    return out;
}

std::optional<Group> Router::detour(const std::string& name, std::string_view target,
                                    std::string_view reason, Seen& seen) const {
    auto branch = seen; // One way may not come by here twice; two ways may.
    const auto there = plan(is_uri(target) ? std::string(target) : uri_of(target), branch);
    Group all;
    const auto diversion = "<" + uri_of(name) + ">;reason=" + std::string(reason);
    for (const auto& group : there.groups) {
        if (group.when != When::next) continue;
        if (group.here) all.here = group.here;
        for (auto each : group.targets) {
            if (each.diversion.empty()) each.diversion = diversion;
            all.targets.push_back(std::move(each));
        }
    }
    if (!all.targets.empty()) all.here.reset();
    if (all.targets.empty() && !all.here) return std::nullopt;
    return all;
}

Router::Location location_of(const registrar::Registrar& registrar) {
    return [&registrar](std::string_view user) -> const std::vector<registrar::Binding>& {
        return registrar.bindings(user);
    };
}

namespace {

std::string to_text(const Target& target) {
    auto there = target.uri;
    const auto uri = sip::Uri::parse(target.uri);
    if (uri && target.where == sip::inside(sip::Inside::b2bua))
        there = std::string(uri->user) + " by the trunk " + std::string(uri->host);
    if (target.number.empty()) return there;
    const auto asked = "where the DNS says that " + target.number + " is";
    return there.empty() ? asked : asked + ", else " + there;
}

} // namespace

std::string explain(const Plan& plan) {
    std::string out;
    if (plan.emergency) out += "an emergency number\n";
    if (plan.groups.empty()) {
        if (plan.emergency) return out + "  refused: no route is made for it\n";
        if (plan.member.empty()) return out + "  nobody\n";
        return out + "  " + plan.member +
               (plan.undisturbed ? ", who does not want to be disturbed\n"
                                 : ", who has no device here\n");
    }
    if (plan.outward) out += "  only for members\n";
    for (const auto& group : plan.groups) {
        static constexpr const char* conditions[] = {
            "  ", "  if busy: ", "  if nobody answers: ", "  if unreachable: "};
        out += conditions[static_cast<std::size_t>(group.when)];
        if (plan.redirects) out += "told to go to ";
        if (group.here) out += group.here->empty() ? "this server" : "the room " + *group.here;
        for (const auto& target : group.targets)
            out += (&target == &group.targets.front() ? "" : " and ") + to_text(target);
        if (group.ring_for) out += ", for " + std::to_string(*group.ring_for / 1s) + " s";
        out += "\n";
    }
    return out;
}

/// His devices, those of one q at the same time (RFC 3261 §16.6); of a device with several flows
/// the newest, the others for when it fails (RFC 5626 §5.3). With `gr`, the device of that name
/// alone.
std::vector<Group> Router::devices(std::string_view name, std::string_view gr) const {
    std::vector<Group> groups;
    std::map<std::string_view, std::pair<std::size_t, std::size_t>> places; // Of instances.
    unsigned last_q = 0;
    for (const auto& binding : location_(name)) {
        if (!gr.empty() && registrar::gr_of(binding.instance) != gr) continue;
        auto target = target_of(binding);
        target.member = name;
        if (binding.reg_id != 0) {
            if (const auto known = places.find(binding.instance); known != places.end()) {
                auto& other = groups[known->second.first].targets[known->second.second];
                if (other.where) target.or_there.push_back(*other.where);
                target.or_there.insert(target.or_there.end(), other.or_there.begin(),
                                       other.or_there.end());
                other = std::move(target);
                continue;
            }
        }
        if (groups.empty() || binding.q_thousandths != last_q) groups.emplace_back();
        last_q = binding.q_thousandths;
        groups.back().targets.push_back(std::move(target));
        if (binding.reg_id != 0)
            places[binding.instance] = {groups.size() - 1, groups.back().targets.size() - 1};
    }
    for (std::size_t i = 0; i + 1 < groups.size(); ++i) groups[i].ring_for = options_.serial_ring;
    return groups;
}

} // namespace lyceum::routing
