// SPDX-License-Identifier: Apache-2.0
#include "server/routing/numbers.hpp"

#include "base/char_set.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace lyceum::routing {
namespace {

bool is_dialled(char c) { return is_digit(c) || c == '*' || c == '#'; }

/// Without "-.()" and blanks; none if anything else is in it.
std::optional<std::string> without_separators(std::string_view text) {
    static constexpr std::size_t digits_max = 32;
    static constexpr CharSet separators("-.() ");
    std::string out;
    for (const char c : text) {
        if (separators.has(c)) continue;
        if (!is_dialled(c) && !(c == '+' && out.empty())) return std::nullopt;
        out += c;
    }
    const bool any = std::any_of(out.begin(), out.end(), is_digit);
    if (!any || out.size() > digits_max) return std::nullopt;
    return out;
}

std::string global_of(const std::string& dialled, const NumberPlan& plan) {
    if (dialled.starts_with('+')) return dialled;
    const auto& far = plan.international_prefix;
    if (!far.empty() && dialled.starts_with(far) && dialled.size() > far.size())
        return "+" + dialled.substr(far.size());
    const auto& near = plan.national_prefix;
    if (!plan.country_code.empty() && !near.empty() && dialled.starts_with(near) &&
        dialled.size() > near.size())
        return "+" + plan.country_code + dialled.substr(near.size());
    return dialled;
}

} // namespace

std::optional<Number> number_in(const sip::Uri& uri, const NumberPlan& plan) {
    std::string text = uri.user_name();
    if (uri.scheme != sip::Uri::Scheme::tel) {
        if (!uri.is_sip()) return std::nullopt;
        text = text.substr(0, text.find(';'));
    } else if (const auto context = uri.params.find("phone-context");
               context && context->starts_with('+') && !text.starts_with('+')) {
        text.insert(0, *context);
    }
    auto dialled = without_separators(text);
    if (!dialled) return std::nullopt;
    auto global = global_of(*dialled, plan);
    return Number{std::move(*dialled), std::move(global)};
}

std::optional<unsigned> NumberRoute::fits(std::string_view number) const {
    const bool open = pattern.ends_with('.');
    const auto fixed = pattern.size() - (open ? 1 : 0);
    if (number.size() < fixed || (!open && number.size() > fixed)) return std::nullopt;
    unsigned exact = 0;
    for (std::size_t i = 0; i < fixed; ++i) {
        if (pattern[i] == 'x' ? !is_digit(number[i]) : pattern[i] != number[i]) return std::nullopt;
        exact += pattern[i] != 'x';
    }
    // What is said digit by digit counts for more than what is only counted.
    return exact * 64 + static_cast<unsigned>(fixed) * 2 + (open ? 0 : 1);
}

std::string NumberRoute::rewritten(std::string_view number) const {
    return add + std::string(number.substr(std::min<std::size_t>(strip, number.size())));
}

std::string NumberRoute::target_with(std::string_view number) const {
    static constexpr std::string_view gap = "{number}";
    auto out = target;
    if (const auto place = out.find(gap); place != std::string::npos)
        out.replace(place, gap.size(), number);
    return out;
}

std::string_view NumberRoute::trunk() const {
    static constexpr std::string_view scheme = "trunk:";
    return target.starts_with(scheme) ? std::string_view(target).substr(scheme.size())
                                      : std::string_view{};
}

std::string NumberRoute::fault() const {
    static constexpr std::size_t pattern_max = 32;
    if (pattern.empty() || pattern.size() > pattern_max) return "a pattern has 1 to 32 characters";
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        const bool end = i + 1 == pattern.size();
        if (!is_dialled(c) && c != 'x' && !(c == '+' && i == 0) && !(c == '.' && end && i > 0))
            return "a pattern is made of digits, * # and x, with + at its start and . at its end";
    }
    for (const char c : add)
        if (!is_dialled(c) && c != '+') return "only digits, + * # can be added";
    if (strip > pattern_max) return "too much is taken off";
    if (redirects && !trunk().empty()) return "a phone cannot be sent to a trunk; we call by it";
    return {};
}

} // namespace lyceum::routing
