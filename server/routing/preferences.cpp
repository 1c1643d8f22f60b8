// SPDX-License-Identifier: Apache-2.0
#include "server/routing/preferences.hpp"

#include "base/text.hpp"
#include "sip/message/uri.hpp"
#include "sip/message/values.hpp"

#include <algorithm>

namespace lyceum::routing {
namespace {

constexpr std::string_view accept_contact = "Accept-Contact", accept_short = "a";
constexpr std::string_view reject_contact = "Reject-Contact", reject_short = "j";
constexpr std::string_view disposition = "Request-Disposition", disposition_short = "d";

template <class Use>
void each_value(const sip::Message& request, std::string_view name, std::string_view compact,
                Use&& use) {
    for (const auto& field : request.fields()) {
        const auto is = request.name(field);
        if (!iequals(is, name) && !iequals(is, compact)) continue;
        for (const auto value : sip::split_list(request.value(field))) use(value);
    }
}

/// `*;audio;require`: the star, then what is asked for.
Preferences::Features features_in(std::string_view value) {
    Preferences::Features out;
    const auto semicolon = value.find(';');
    out.params = semicolon == std::string_view::npos ? "" : value.substr(semicolon);
    const sip::Params params(out.params);
    out.require = params.has("require");
    out.explicitly = params.has("explicit");
    return out;
}

/// One of `wanted` ("INVITE,!BYE", "<text>", "TRUE") is, or is not, among what the device says.
bool values_meet(std::string_view wanted, std::string_view said) {
    // A feature without a value is TRUE (RFC 3840 §9).
    if (said.empty()) said = "TRUE";
    if (wanted.empty()) wanted = "TRUE";
    const auto has = [said](std::string_view value) {
        for (auto rest = said; !rest.empty();)
            if (iequals(trim(cut(rest, ',')), value)) return true;
        return false;
    };
    for (auto rest = wanted; !rest.empty();) {
        auto value = trim(cut(rest, ','));
        const bool negated = value.starts_with('!');
        if (negated) value.remove_prefix(1);
        if (has(value) != negated) return true;
    }
    return false;
}

/// Whether what is offered in a message has pictures and no sound.
bool offers_pictures_alone(const sip::Message& request) {
    const auto description = sip::description_in(request);
    const auto has = [&](std::string_view medium) {
        const auto at = description.find("\nm=" + std::string(medium) + " ");
        return at != std::string::npos && description[at + medium.size() + 4] != '0'; // Its port.
    };
    return has("video") && !has("audio");
}

} // namespace

bool matches(std::string_view wanted, std::string_view features, bool explicitly) {
    const sip::Params device(features);
    for (auto rest = wanted; const auto param = sip::Params::next(rest);) {
        if (iequals(param->name, "require") || iequals(param->name, "explicit")) continue;
        const auto said = device.find(param->name);
        if (!said && explicitly) return false;
        if (said && !values_meet(param->value, *said)) return false;
    }
    return true;
}

Preferences Preferences::of(const sip::Message& request) {
    Preferences out;
    each_value(request, disposition, disposition_short, [&](std::string_view value) {
        if (iequals(value, "redirect")) out.redirects = true;
        if (iequals(value, "no-fork")) out.forks = false;
        if (iequals(value, "sequential")) out.parallel = false;
        if (iequals(value, "no-recurse")) out.recurses = false;
    });
    each_value(request, accept_contact, accept_short,
               [&](std::string_view value) { out.accepts.push_back(features_in(value)); });
    each_value(request, reject_contact, reject_short,
               [&](std::string_view value) { out.rejects.push_back(features_in(value)); });
    out.pictures_alone = offers_pictures_alone(request);
    return out;
}

void Preferences::apply(Plan& plan, Duration serial_ring) const {
    if (redirects) plan.redirects = true;
    plan.recurses = recurses;
    const auto shows_pictures = [](const Target& target) {
        return target.is_device && matches(";video", target.features, true);
    };
    const auto shows_any = [&](const Group& group) {
        return std::any_of(group.targets.begin(), group.targets.end(), shows_pictures);
    };
    const bool for_pictures =
        pictures_alone && std::any_of(plan.groups.begin(), plan.groups.end(), shows_any);
    const auto is_unwanted = [&](const Target& target) {
        if (!target.is_device) return false;
        if (for_pictures && !shows_pictures(target)) return true;
        // Rejected is only who says of all of it that he is so (§7.2.3).
        for (const auto& each : rejects)
            if (matches(each.params, target.features, true)) return true;
        for (const auto& each : accepts)
            if (each.require && !matches(each.params, target.features, each.explicitly))
                return true;
        return false;
    };
    const auto fit = [this](const Target& target) {
        return std::count_if(accepts.begin(), accepts.end(), [&](const Features& each) {
            return matches(each.params, target.features, true);
        });
    };
    std::vector<Group> groups;
    for (auto& group : plan.groups) {
        std::erase_if(group.targets, is_unwanted);
        if (group.targets.empty() && !group.here) continue;
        std::stable_sort(group.targets.begin(), group.targets.end(),
                         [&](const Target& a, const Target& b) { return fit(a) > fit(b); });
        if (!forks && !group.targets.empty()) {
            group.targets.resize(1);
            plan.groups = {std::move(group)};
            return;
        }
        if (parallel || group.targets.size() < 2) {
            groups.push_back(std::move(group));
            continue;
        }
        for (auto& target : group.targets) {
            auto alone = group;
            alone.targets = {target};
            if (&target != &group.targets.back()) alone.ring_for = serial_ring;
            if (&target != &group.targets.front()) alone.when = When::next;
            groups.push_back(std::move(alone));
        }
    }
    plan.groups = std::move(groups);
}

} // namespace lyceum::routing
