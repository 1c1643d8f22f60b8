// SPDX-License-Identifier: Apache-2.0
#include "webadmin/api.hpp"

#include "webadmin/secrets.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::webadmin {
namespace {

bool is_change(std::string_view method) { return method != "GET" && method != "HEAD"; }

/// What has been configured of it, without what is only shown.
Object configured(const Object& object, std::span<const Field> fields) {
    Object out;
    for (const auto& field : fields) {
        const auto* value = object.if_contains(field.name);
        if (!value || !field.is_written()) continue;
        out[field.name] = *value;
        if (field.type != Field::Type::objects) continue;
        for (auto& each : out[field.name].as_array())
            each = configured(each.as_object(), field.inside);
    }
    return out;
}

/// Two hashes: of what is configured, and of everything that is shown. What changes by itself, such
/// as the number of somebody's devices, does not keep anybody from changing the rest.
std::string entity_tag(const Object& object, const Collection& collection) {
    const auto hash = [](const Object& of) {
        return sha256_hex(json::serialize(of)).substr(0, 24);
    };
    return "\"" + hash(configured(object, collection.fields)) + "-" + hash(object) + "\"";
}

/// RFC 9110 §13.1: a list of tags, or "*" for whatever is there. Each is looked at by `is_meant`.
bool is_listed(std::string_view list, const std::function<bool(std::string_view tag)>& is_meant) {
    while (!list.empty()) {
        auto each = trim(cut(list, ','));
        if (each == "*") return true;
        if (each.starts_with("W/")) each.remove_prefix(2);
        if (is_meant(each)) return true;
    }
    return false;
}

http::Response refused(const Problem& problem) { return response_of(problem); }

/// What is for those who configure looks empty to others.
void guard(Object& object, const Collection& collection, const Who& who) {
    if (has(who.role, Right::configure)) return;
    for (const auto& field : collection.fields)
        if (field.guarded) object[field.name] = "";
}

/// Segments of a pattern against those of a path; what stands for its braces goes to `names`.
bool matches(std::string_view pattern, std::span<const std::string> path,
             std::vector<std::string>& names) {
    names.clear();
    pattern.remove_prefix(1);
    for (const auto& segment : path) {
        const auto wanted = cut(pattern, '/');
        if (wanted.starts_with('{')) names.push_back(segment);
        else if (wanted != segment) return false;
    }
    return pattern.empty();
}

} // namespace

Api::Api(Backend& backend, Access& access, const Live& live, Log& log)
    : backend_(backend), access_(access), live_(live), log_(log) {
    add_session_routes();
    add_passkey_routes();
    add_presence_routes();
    add_other_routes();
    add_call_routes();
}

bool Api::handle(const http::Request& request, WallTime now, Reply reply) {
    const auto path = request.target.substr(0, request.target.find('?'));
    if (path == "/healthz") return serve_health(reply), true;
    if (path == "/metrics") return serve_metrics(request, now, reply), true;
    if (path.starts_with(setup_root) && request.method == "GET")
        return serve_setup(request, now, reply), true;
    if (path != root && !path.starts_with(std::string(root) + "/")) return false;
    const auto no_store = [reply = std::move(reply)](http::Response response) {
        response.headers.emplace_back("Cache-Control", "no-store");
        reply(std::move(response));
    };
    const auto target = Target::parse(request.target);
    if (!target) return no_store(refused({400, "that is no path"})), true;
    Call call{.request = request, .target = *target, .now = now, .reply = no_store};
    dispatch(call);
    return true;
}

void Api::dispatch(Call& call) {
    const auto path = std::span(call.target.path).subspan(2); // After "api" and "v1".
    if (!dispatch_route(call, path)) dispatch_collection(call, path);
}

bool Api::dispatch_route(Call& call, std::span<const std::string> path) {
    std::string allowed;
    for (const auto& route : routes_) {
        if (!matches(route.path, path, call.names)) continue;
        if (route.method != call.request.method) {
            allowed.append(allowed.empty() ? "" : ", ").append(route.method);
            continue;
        }
        if (let_in(call, route.right, route.sent, Writing::whole)) (this->*route.run)(call);
        return true;
    }
    if (allowed.empty()) return false;
    auto response = refused({405, "allowed here: " + allowed});
    response.headers.emplace_back("Allow", allowed);
    call.reply(std::move(response));
    return true;
}

bool Api::let_in(Call& call, Right right, std::span<const Field> fields, Writing writing) {
    const auto refuse = [&](Problem problem) {
        call.reply(response_of(problem));
        return false;
    };
    call.who = access_.identify(call.request, call.now);
    if (right != Right::none) {
        if (!call.who) return refuse({401, "log in first"});
        if (is_change(call.request.method) && !Access::is_meant(call.request, *call.who))
            return refuse({403, "the header X-CSRF-Token is missing or wrong"});
        if (!has(call.who->role, right)) return refuse({403, "your role does not let you do this"});
        if (!call.who->is_for(call.target.path.at(2)))
            return refuse({403, "this token is for something else"});
    }
    if (call.request.method != "POST" && call.request.method != "PATCH") return true;
    const auto type = call.request.header("Content-Type");
    if (!fields.empty() || !call.request.body.empty()) {
        // A form of another site cannot be of this type.
        if (!iequals(trim(type.substr(0, type.find(';'))), "application/json"))
            return refuse({415, "expected application/json"});
        json::error_code error;
        auto body = json::parse(call.request.body, error);
        if (error) return refuse({400, "the body is not JSON: " + error.message()});
        if (!body.is_object()) return refuse({400, "expected a JSON object"});
        call.sent = std::move(body.get_object());
        if (auto fault = fault_in(call.sent, fields, writing)) return refuse(std::move(*fault));
    }
    return !is_remembered(call);
}

/// True: it was done before, and is answered as it was then. Else its answer will be remembered.
bool Api::is_remembered(Call& call) {
    const auto key = call.request.header("Idempotency-Key");
    if (key.empty() || call.request.method != "POST" || !call.who) return false;
    if (key.size() > 128) return call.reply(refused({400, "Idempotency-Key is too long"})), true;
    auto name = call.who->name + "\n" + std::string(key);
    auto asked = call.request.target + "\n" + call.request.body;
    const auto known = remembered_.find(name);
    if (known != remembered_.end() && known->second.until > call.now) {
        const bool is_same = known->second.asked == asked;
        call.reply(is_same ? known->second.response
                           : refused({422, "the Idempotency-Key was used for something else"}));
        return true;
    }
    call.reply = [this, name = std::move(name), asked = std::move(asked), now = call.now,
                  reply = std::move(call.reply)](http::Response response) {
        if (response.status < 500) {
            if (remembered_
                    .insert_or_assign(name, Remembered{asked, response, now + remembered_for})
                    .second)
                remembered_order_.push_back(name);
            if (remembered_order_.size() > remembered_max) {
                remembered_.erase(remembered_order_.front());
                remembered_order_.pop_front();
            }
        }
        reply(std::move(response));
    };
    return false;
}

/// He may not see all there is of this, but this one is his own.
bool Api::is_owner(const Call& call, const Collection& collection, const std::string& key) const {
    return collection.owns && call.who && leads(call.who->role) &&
           !has(call.who->role, collection.read) && collection.owns(call.who->name, key);
}

void Api::dispatch_collection(Call& call, std::span<const std::string> path) {
    const auto& all = backend_.collections();
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) {
        return !path.empty() && each.name == path[0];
    });
    if (found == all.end() || path.size() > 2)
        return call.reply(refused({404, "there is nothing of that name"}));
    const auto& collection = *found;
    const auto& method = call.request.method;
    const bool one = path.size() == 2;
    if (collection.owns) call.who = access_.identify(call.request, call.now);
    const bool own = one && is_owner(call, collection, path[1]);
    if (method == "GET") {
        const bool of_own = own || (!one && collection.owns); // Of a list, only what is his.
        if (!let_in(call, of_own ? Right::own_rooms : collection.read, {}, Writing::whole)) return;
        if (!one) return list(call, collection);
        auto object = collection.find(path[1]);
        if (!object) return call.reply(refused({404, "there is nothing of that name"}));
        if (!own) guard(*object, collection, *call.who);
        const auto tag = entity_tag(*object, collection);
        if (is_listed(call.request.header("If-None-Match"),
                      [&](std::string_view each) { return each == tag; }))
            return call.reply({304, {}, {}, {{"ETag", tag}}});
        auto response = json_response(*object);
        response.headers.emplace_back("ETag", tag);
        return call.reply(std::move(response));
    }
    const bool possible = (method == "POST" && !one && collection.add) ||
                          (method == "PATCH" && one && collection.change) ||
                          (method == "DELETE" && one && collection.remove);
    if (!possible) {
        std::string allowed = "GET";
        if (!one && collection.add) allowed += ", POST";
        if (one && collection.change) allowed += ", PATCH";
        if (one && collection.remove) allowed += ", DELETE";
        auto response = refused({405, "allowed here: " + allowed});
        response.headers.emplace_back("Allow", allowed);
        return call.reply(std::move(response));
    }
    const auto writing = method == "POST" ? Writing::whole : Writing::changes;
    const auto right = own && method == "PATCH" ? Right::own_rooms : collection.write;
    if (let_in(call, right, collection.fields, writing))
        change(call, collection, one ? path[1] : std::string());
}

Result<Api::Wanted, Problem> Api::wanted_by(const Target& target, const Collection& collection) {
    Wanted out;
    for (const auto& [name, value] : target.query) {
        const auto field =
            std::find_if(collection.fields.begin(), collection.fields.end(),
                         [&name = name](const auto& each) { return each.name == name; });
        if (name == "after") out.query.after = value;
        else if (name == "q") out.query.text = value;
        else if (name == "since" && !collection.time.empty()) out.since = value;
        else if (name == "until" && !collection.time.empty()) out.until = value;
        else if (name == "limit") {
            const auto limit = parse_number<std::size_t>(value);
            if (!limit || *limit < 1 || *limit > page_max)
                return Problem{400, "expected a number from 1 to 1000", "limit"};
            out.query.limit = *limit;
        } else if (field != collection.fields.end() && field->is_searched())
            out.equal.emplace_back(&*field, value);
        else return Problem{400, "there is no such parameter", name};
    }
    return out;
}

/// Times are in UTC and as long as each other, so that their texts compare as they do.
bool Api::Wanted::fits(const Object& object, const Collection& collection) const {
    for (const auto& [field, value] : equal)
        if (!has_value(object, *field, value)) return false;
    if (!owner.empty() && !collection.owns(owner, key_of(object, collection.key()))) return false;
    if (since.empty() && until.empty()) return true;
    const auto time = text_in(object, collection.time);
    return time >= since && (until.empty() || time < until);
}

void Api::list(Call& call, const Collection& collection) {
    auto wanted = wanted_by(call.target, collection);
    if (!wanted) return call.reply(refused(wanted.error()));
    if (!has(call.who->role, collection.read)) wanted->owner = call.who->name;
    auto& query = wanted->query;
    const auto limit = query.limit;
    query.limit = (wanted->is_filtered() ? page_max : limit) + 1; // One more: is there a next page?
    json::array items;
    std::string last;
    json::value next; // Null: this is the last page.
    for (std::size_t looked_at = 0;;) {
        auto found = collection.list(query);
        const auto end = found.empty() ? last : key_of(found.back(), collection.key());
        for (auto& each : found) {
            if (!wanted->fits(each, collection)) continue;
            if (items.size() == limit) {
                next = last;
                break;
            }
            last = key_of(each, collection.key());
            if (wanted->owner.empty()) guard(each, collection, *call.who);
            items.emplace_back(std::move(each));
        }
        looked_at += found.size();
        if (!next.is_null() || found.size() < query.limit) break;
        query.after = end;
        if (looked_at < looked_at_max) continue;
        next = query.after;
        break;
    }
    call.reply(json_response({{"items", std::move(items)}, {"next", std::move(next)}}));
}

/// False, and refused: what is there is not what he has seen (RFC 9110 §13.1.1).
bool Api::is_current(Call& call, const Collection& collection,
                     const std::optional<Object>& found) const {
    const auto seen = call.request.header("If-Match");
    if (!found) return call.reply(refused({404, "there is nothing of that name"})), false;
    const auto tag = entity_tag(*found, collection);
    const auto of_configuration = [](std::string_view each) {
        return each.substr(0, each.find('-'));
    };
    if (seen.empty() || is_listed(seen, [&](std::string_view each) {
            return of_configuration(each) == of_configuration(tag);
        }))
        return true;
    call.reply(refused({412, "somebody else has changed it: look again"}));
    return false;
}

void Api::change(Call& call, const Collection& collection, const std::string& key) {
    const auto& method = call.request.method;
    const std::string name(collection.name);
    if (method == "POST") {
        auto made = collection.add(call.sent);
        note(call, name + ".add", text_in(made ? *made : call.sent, collection.key()),
             made ? std::nullopt : std::optional<Problem>(made.error()));
        if (!made) return call.reply(response_of(made.error()));
        auto response = json_response(*made, 201);
        response.headers.emplace_back("ETag", entity_tag(*made, collection));
        return call.reply(std::move(response));
    }
    if (!is_current(call, collection, collection.find(key))) return;
    const bool removes = method == "DELETE";
    const auto problem = removes ? collection.remove(key) : collection.change(key, call.sent);
    note(call, name + (removes ? ".remove" : ".change"), key, problem);
    if (problem) return call.reply(response_of(*problem));
    if (removes) return call.reply({.status = 204});
    const auto now = collection.find(key);
    if (!now) return call.reply(refused({404, "it has been removed meanwhile"}));
    auto response = json_response(*now);
    response.headers.emplace_back("ETag", entity_tag(*now, collection));
    call.reply(std::move(response));
}

void Api::note(const Call& call, std::string what, std::string whom,
               const std::optional<Problem>& problem) {
    backend_.note({call.now, call.who ? call.who->name : std::string(), std::move(what),
                   std::move(whom), problem ? problem->detail : std::string()});
}

std::optional<Who> Api::watcher(const http::Request& request, WallTime now) {
    auto who = access_.identify(request, now);
    return who && who->is_for("events") ? std::move(who) : std::nullopt;
}

bool Api::may_see(const Who& who, const std::string& room) const {
    return has(who.role, Right::read) || backend_.leads(who.name, room);
}

} // namespace lyceum::webadmin
