// SPDX-License-Identifier: Apache-2.0
#include "server/web/tables.hpp"

#include "base/text.hpp"
#include "presence/date_time.hpp"

#include <algorithm>

namespace lyceum::web {

using webadmin::key_of;

namespace {

bool has_text(const json::value& value, std::string_view text) {
    if (value.is_string()) return icontains(std::string_view(value.get_string()), text);
    if (!value.is_array()) return false;
    const auto& all = value.get_array();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& each) { return has_text(each, text); });
}

} // namespace

std::vector<Object> page_of(std::vector<Object> all, std::string_view key, const Query& query) {
    auto from = all.begin();
    if (!query.after.empty()) {
        from = std::find_if(all.begin(), all.end(),
                            [&](const auto& each) { return key_of(each, key) == query.after; });
        if (from != all.end()) ++from;
    }
    std::vector<Object> out;
    for (; from != all.end() && out.size() < query.limit; ++from) {
        const auto fits = std::any_of(from->begin(), from->end(), [&](const auto& member) {
            return has_text(member.value(), query.text);
        });
        if (query.text.empty() || fits) out.push_back(std::move(*from));
    }
    return out;
}

void read_whole(Collection& collection, std::function<std::vector<Object>()> all) {
    const auto key = collection.key();
    collection.list = [key, all](const Query& query) { return page_of(all(), key, query); };
    collection.find = [key, all](const std::string& name) -> std::optional<Object> {
        for (auto& each : all())
            if (iequals(key_of(each, key), name)) return std::move(each);
        return std::nullopt;
    };
}

void change_whole(
    Collection& collection,
    std::function<std::optional<Problem>(const std::string& key, const Object&)> write) {
    collection.change = [find = collection.find, write = std::move(write)](
                            const std::string& key, const Object& sent) -> std::optional<Problem> {
        auto whole = find(key);
        if (!whole) return not_there();
        for (const auto& [name, value] : sent) (*whole)[name] = value;
        return write(key, *whole);
    };
}

std::optional<Problem> problem_of(const std::optional<Fault>& fault) {
    if (!fault) return std::nullopt;
    const bool taken = fault->what.starts_with("there is a") || fault->what.starts_with("the name");
    return Problem{taken ? 409 : 422, fault->what};
}

Problem not_there() { return {404, "there is nothing of that name"}; }

std::string text_or(const Object& object, std::string_view name, std::string_view otherwise) {
    const auto* value = object.if_contains(name);
    return std::string(value ? std::string_view(value->as_string()) : otherwise);
}

std::int64_t number_or(const Object& object, std::string_view name, std::int64_t otherwise) {
    const auto* value = object.if_contains(name);
    return value ? value->to_number<std::int64_t>() : otherwise; // Of either sign.
}

bool flag_or(const Object& object, std::string_view name, bool otherwise) {
    const auto* value = object.if_contains(name);
    return value ? value->as_bool() : otherwise;
}

std::vector<std::string> texts_in(const Object& object, std::string_view name) {
    std::vector<std::string> out;
    if (const auto* value = object.if_contains(name))
        for (const auto& each : value->as_array()) out.emplace_back(each.as_string());
    return out;
}

json::array array_of(const std::vector<std::string>& texts) {
    return json::array(texts.begin(), texts.end());
}

std::string time_text(WallTime time) {
    return time == WallTime{} ? std::string() : presence::date_time_text(time);
}

} // namespace lyceum::web
