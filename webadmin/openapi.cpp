// SPDX-License-Identifier: Apache-2.0
/// The description of the API, from the tables that it works by.
#include "webadmin/api.hpp"

#include <algorithm>

namespace lyceum::webadmin {
namespace {

Object reference(std::string_view name) {
    return {{"$ref", "#/components/schemas/" + std::string(name)}};
}

Object json_content(Object schema) {
    return {{"application/json", Object{{"schema", std::move(schema)}}}};
}

Object answer(std::string_view about, Object schema) {
    return {{"description", about}, {"content", json_content(std::move(schema))}};
}

Object problem(std::string_view about) {
    return {{"description", about},
            {"content",
             Object{{"application/problem+json", Object{{"schema", reference("Problem")}}}}}};
}

Object parameter(std::string_view name, std::string_view in, std::string_view about,
                 Object schema) {
    return {{"name", name},
            {"in", in},
            {"required", in == "path"},
            {"description", about},
            {"schema", std::move(schema)}};
}

Object text_schema() { return {{"type", "string"}}; }

json::array path_parameters(std::string_view path) {
    json::array out;
    while (true) {
        const auto open = path.find('{');
        if (open == std::string_view::npos) return out;
        const auto close = path.find('}', open);
        out.push_back(
            parameter(path.substr(open + 1, close - open - 1), "path", "Its name", text_schema()));
        path.remove_prefix(close + 1);
    }
}

/// Whatever is asked for, this may be the answer.
Object answers(Right right) {
    Object out{{"400", problem("It cannot be understood")}};
    if (right != Right::none) {
        out["401"] = problem("Nobody is logged in");
        out["403"] = problem("The role, or the missing X-CSRF-Token, forbids it");
    }
    out["503"] = problem("The database cannot be written, or is busy: try again");
    return out;
}

Object security(Right right) {
    if (right == Right::none) return {{"security", json::array{}}};
    return {{"security",
             json::array{Object{{"session", json::array{}}}, Object{{"token", json::array{}}}}}};
}

Object operation(std::string_view id, std::string_view about, Right right) {
    Object out{{"operationId", id}, {"summary", about}, {"x-right", name_of(right)}};
    for (auto& [name, value] : security(right)) out[name] = value;
    return out;
}

Object body(std::span<const Field> fields, Writing writing) {
    return {{"required", true}, {"content", json_content(schema_sent(fields, writing))}};
}

void add_sent_answers(Object& responses) {
    responses["415"] = problem("The body is not application/json");
    responses["422"] = problem("A field is wrong, which is named");
}

Object operation_of(const Api::Route& route) {
    const auto id = std::string(route.method) + " " + std::string(route.path);
    auto out = operation(id, route.about, route.right);
    auto parameters = path_parameters(route.path);
    if (route.path == "/plan")
        parameters.push_back(parameter("to", "query", "A number, a name or a URI", text_schema()));
    if (route.path == "/presence")
        parameters.push_back(parameter("of", "query", "Users or rooms", text_schema()));
    if (!parameters.empty()) out["parameters"] = std::move(parameters);
    auto responses = answers(route.right);
    if (!route.sent.empty()) {
        out["requestBody"] = body(route.sent, Writing::whole);
        add_sent_answers(responses);
    }
    auto shown = schema_shown(route.shown);
    // Who is there is a list of participants, and not of texts; this description is any object.
    if (route.path.starts_with("/conferences") && !route.shown.empty())
        shown["properties"].as_object()["participants"] =
            Object{{"type", "array"}, {"items", reference("Participant")}};
    if (route.path == "/openapi.json") shown = Object{{"type", "object"}};
    if (!route.list.empty())
        shown = Object{
            {"type", "object"},
            {"required", json::array{route.list}},
            {"properties", Object{{route.list, Object{{"type", "array"}, {"items", shown}}}}}};
    if (!route.type.empty())
        responses["200"] =
            Object{{"description", "Done"}, {"content", Object{{route.type, Object{}}}}};
    else if (route.shown.empty()) responses["204"] = Object{{"description", "It is done"}};
    else responses["200"] = answer("Done", std::move(shown));
    if (route.path.find('{') != std::string_view::npos) {
        responses["404"] = problem("There is nothing of that name");
        responses["409"] = problem("It is so already, or nobody is there");
    }
    if (route.path == "/session/totp") responses["409"] = problem("Ask for a secret first");
    if (route.path == "/session/passkeys" && route.method == "POST")
        responses["409"] = problem("It is known already, or there are too many");
    if (route.path == "/session" || route.path == "/session/link" ||
        route.path == "/session/passkey") {
        responses["401"] = problem("Name, password, code or link is wrong");
        responses["429"] = problem("Too many failures: Retry-After says how long to wait");
    }
    out["responses"] = std::move(responses);
    return out;
}

Object list_operation(const Collection& collection) {
    const std::string name(collection.name);
    const auto right = collection.owns ? Right::own_rooms : collection.read;
    auto out = operation("list " + name, collection.about, right);
    out["parameters"] = json::array{
        parameter("limit", "query", "How many at most",
                  {{"type", "integer"}, {"minimum", 1}, {"maximum", Api::page_max}}),
        parameter("after", "query", "The key that the page before ended with: its \"next\"",
                  text_schema()),
        parameter("q", "query", "Only what has this in it", text_schema())};
    auto& parameters = out["parameters"].as_array();
    for (const auto& field : collection.fields)
        if (field.is_searched())
            parameters.push_back(
                parameter(field.name, "query", "Only what has this value there", text_schema()));
    if (!collection.time.empty()) {
        const auto time = "Only those whose \"" + std::string(collection.time);
        parameters.push_back(parameter("since", "query", time + "\" is not before", text_schema()));
        if (std::none_of(collection.fields.begin(), collection.fields.end(),
                         [](const auto& field) { return field.name == "until"; }))
            parameters.push_back(parameter("until", "query", time + "\" is before", text_schema()));
    }
    auto responses = answers(right);
    responses["200"] = answer(
        "A page",
        {{"type", "object"},
         {"required", json::array{"items", "next"}},
         {"properties", Object{{"items", Object{{"type", "array"}, {"items", reference(name)}}},
                               {"next", Object{{"type", json::array{"string", "null"}}}}}}});
    out["responses"] = std::move(responses);
    return out;
}

Object one_operation(const Collection& collection, std::string_view method) {
    const std::string name(collection.name);
    const bool reads = method == "get";
    auto out = operation(std::string(method) + " " + name, collection.about,
                         reads ? collection.read : collection.write);
    auto responses = answers(reads ? collection.read : collection.write);
    if (method == "post") {
        out["requestBody"] = body(collection.fields, Writing::whole);
        out["parameters"] = json::array{
            parameter("Idempotency-Key", "header", "The same twice is done once", text_schema())};
        responses["201"] = answer("Made", reference(name));
        responses["409"] = problem("There is something of that name, or it does not go together");
        add_sent_answers(responses);
    } else {
        responses["404"] = problem("There is nothing of that name");
        if (!reads) {
            out["parameters"] = json::array{
                parameter("If-Match", "header", "The ETag of what was seen", text_schema())};
            responses["412"] = problem("Somebody else has changed it");
            responses["409"] = problem("It does not go together with what else there is");
        } else responses["304"] = Object{{"description", "It is as it was"}};
        if (method == "delete") responses["204"] = Object{{"description", "It is gone"}};
        else responses["200"] = answer("As it is now", reference(name));
        if (method == "patch") {
            out["requestBody"] = body(collection.fields, Writing::changes);
            add_sent_answers(responses);
        }
    }
    out["responses"] = std::move(responses);
    return out;
}

Object participant_schema() {
    Object properties;
    for (const auto* name : {"id", "uri", "name", "member", "state", "role", "group"})
        properties[name] = text_schema();
    for (const auto* name : {"muted", "deaf", "floor", "dialled_in"})
        properties[name] = Object{{"type", "boolean"}};
    properties["hand"] = Object{{"type", "integer"}};
    Object quality;
    for (const auto* name : {"codec", "announced", "source"}) quality[name] = text_schema();
    for (const auto* name : {"packets", "loss_permille", "jitter_ms", "level_db"})
        quality[name] = Object{{"type", "integer"}};
    quality["encrypted"] = Object{{"type", "boolean"}};
    properties["quality"] = Object{{"type", "object"},
                                   {"description", "How he is heard; empty: not known yet"},
                                   {"properties", std::move(quality)}};
    properties["joined"] = text_schema();
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", json::array{"id", "uri", "state", "role", "muted"}}};
}

} // namespace

Object Api::description() const {
    Object paths, schemas;
    const auto add = [&paths](std::string_view path, std::string_view method, Object operation) {
        auto& at = paths[path];
        if (!at.is_object()) at = Object{};
        at.as_object()[method] = std::move(operation);
    };
    for (const auto& route : routes_) {
        const auto method = route.method == "GET"     ? "get"
                            : route.method == "POST"  ? "post"
                            : route.method == "PATCH" ? "patch"
                                                      : "delete";
        add(route.path, method, operation_of(route));
    }
    for (const auto& collection : backend_.collections()) {
        const auto all = "/" + std::string(collection.name);
        const auto one = all + "/{" + std::string(collection.key()) + "}";
        schemas[collection.name] = schema_shown(collection.fields);
        add(all, "get", list_operation(collection));
        add(one, "get", one_operation(collection, "get"));
        if (collection.add) add(all, "post", one_operation(collection, "post"));
        if (collection.change) add(one, "patch", one_operation(collection, "patch"));
        if (collection.remove) add(one, "delete", one_operation(collection, "delete"));
        paths[one].as_object()["parameters"] = path_parameters(one);
    }
    schemas["Participant"] = participant_schema();
    schemas["Problem"] =
        Object{{"type", "object"},
               {"required", json::array{"type", "title", "status", "detail"}},
               {"properties",
                Object{{"type", text_schema()},
                       {"title", text_schema()},
                       {"status", Object{{"type", "integer"}}},
                       {"detail", text_schema()},
                       {"field", Object{{"type", "string"}, {"description", "That is wrong"}}}}}};
    return {
        {"openapi", "3.1.0"},
        {"info", Object{{"title", "Lyceum"},
                        {"version", "1"},
                        {"description", "Rooms, people, numbers, and what goes on now"}}},
        {"servers", json::array{Object{{"url", root}}}},
        {"paths", std::move(paths)},
        {"components",
         Object{{"schemas", std::move(schemas)},
                {"securitySchemes",
                 Object{{"session",
                         Object{{"type", "apiKey"}, {"in", "cookie"}, {"name", Access::cookie}}},
                        {"token", Object{{"type", "http"}, {"scheme", "bearer"}}}}}}}};
}

} // namespace lyceum::webadmin
