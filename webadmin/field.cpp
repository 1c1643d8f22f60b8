// SPDX-License-Identifier: Apache-2.0
#include "webadmin/field.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <string>

namespace lyceum::webadmin {
namespace {

using Type = Field::Type;

bool is_one_of(std::string_view value, std::string_view values) {
    while (!values.empty())
        if (cut(values, '|') == value) return true;
    return false;
}

std::string listed(std::string_view values) {
    std::string out;
    while (!values.empty()) out.append(out.empty() ? "" : ", ").append(cut(values, '|'));
    return out;
}

/// What it must be, said if it is not; empty: it is.
std::string complaint(const json::value& value, const Field& field) {
    const auto most = std::to_string(field.most);
    switch (field.type) {
    case Type::text:
        if (!value.is_string()) return "expected a text";
        if (value.get_string().size() > static_cast<std::size_t>(field.most))
            return "expected at most " + most + " octets";
        if (!field.values.empty() && !is_one_of(value.get_string(), field.values))
            return "expected one of " + listed(field.values);
        return {};
    case Type::number:
        if (!value.is_int64()) return "expected a number";
        if (value.get_int64() < field.least || value.get_int64() > field.most)
            return "expected a number from " + std::to_string(field.least) + " to " + most;
        return {};
    case Type::flag: return value.is_bool() ? "" : "expected true or false";
    case Type::texts:
        if (!value.is_array()) return "expected a list of texts";
        if (value.get_array().size() > static_cast<std::size_t>(field.most))
            return "expected at most " + most + " entries";
        for (const auto& each : value.get_array())
            if (!each.is_string() || each.get_string().size() > 256)
                return "expected texts of at most 256 octets in the list";
        return {};
    case Type::object:
        if (!value.is_object()) return "expected an object";
        if (value.get_object().size() > static_cast<std::size_t>(field.most))
            return "expected at most " + most + " members";
        for (const auto& [name, each] : value.get_object())
            if (!each.is_string() && !each.is_null())
                return "expected texts as the members of the object";
        return {};
    case Type::objects:
        if (!value.is_array()) return "expected a list of objects";
        if (value.get_array().size() > static_cast<std::size_t>(field.most))
            return "expected at most " + most + " entries";
        for (const auto& each : value.get_array()) {
            if (!each.is_object()) return "expected objects in the list";
            if (auto fault = fault_in(each.get_object(), field.inside, Writing::whole))
                return fault->field + ": " + fault->detail;
        }
        return {};
    }
    return {};
}

json::value schema_of(const Field& field, bool sent) {
    Object out;
    switch (field.type) {
    case Type::text:
        out["type"] = "string";
        if (!field.values.empty()) {
            json::array values;
            for (auto rest = field.values; !rest.empty();) values.emplace_back(cut(rest, '|'));
            out["enum"] = std::move(values);
        } else if (field.is_written()) out["maxLength"] = field.most;
        break;
    case Type::number:
        out["type"] = "integer";
        if (field.is_written()) out["minimum"] = field.least, out["maximum"] = field.most;
        break;
    case Type::flag: out["type"] = "boolean"; break;
    case Type::texts:
        out["type"] = "array";
        out["items"] = Object{{"type", "string"}};
        break;
    case Type::object: out["type"] = "object"; break;
    case Type::objects:
        out["type"] = "array";
        out["items"] =
            sent ? schema_sent(field.inside, Writing::whole) : schema_shown(field.inside);
        break;
    }
    if (!field.about.empty()) out["description"] = field.about;
    return out;
}

} // namespace

std::optional<Problem> fault_in(const Object& sent, std::span<const Field> fields,
                                Writing writing) {
    for (const auto& [name, value] : sent) {
        const auto field = std::find_if(fields.begin(), fields.end(), [&name = name](auto& each) {
            return each.name == std::string_view(name);
        });
        if (field == fields.end()) return Problem{422, "there is no such field", std::string(name)};
        if (!field->is_written()) return Problem{422, "it can only be read", std::string(name)};
        const bool once = field->use == Field::Use::key || field->use == Field::Use::fixed;
        if (writing == Writing::changes && once)
            return Problem{422, "it is said when the thing is made", std::string(name)};
        if (auto wrong = complaint(value, *field); !wrong.empty())
            return Problem{422, std::move(wrong), std::string(name)};
    }
    if (writing == Writing::whole)
        for (const auto& field : fields)
            if (field.is_needed() && !sent.contains(field.name))
                return Problem{422, "it is missing", std::string(field.name)};
    return std::nullopt;
}

bool has_value(const Object& shown, const Field& field, std::string_view value) {
    const auto is_value = [value](const json::value& each) {
        return each.is_string() ? iequals(each.get_string(), value)
                                : json::serialize(each) == value;
    };
    const auto* found = shown.if_contains(field.name);
    if (!found) return false;
    if (!found->is_array()) return is_value(*found);
    const auto& all = found->get_array();
    return std::any_of(all.begin(), all.end(), is_value);
}

Object schema_shown(std::span<const Field> fields) {
    Object properties;
    json::array required;
    for (const auto& field : fields) {
        if (!field.is_shown()) continue;
        properties[field.name] = schema_of(field, false);
        required.emplace_back(field.name);
    }
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(required)},
            {"additionalProperties", false}};
}

Object schema_sent(std::span<const Field> fields, Writing writing) {
    Object properties;
    json::array required;
    for (const auto& field : fields) {
        const bool once = field.use == Field::Use::key || field.use == Field::Use::fixed;
        if (!field.is_written() || (once && writing == Writing::changes)) continue;
        properties[field.name] = schema_of(field, true);
        if (writing == Writing::whole && field.is_needed()) required.emplace_back(field.name);
    }
    Object out{
        {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
    if (!required.empty()) out["required"] = std::move(required);
    return out;
}

} // namespace lyceum::webadmin
