// SPDX-License-Identifier: Apache-2.0
#include "presence/xcap_server.hpp"

#include "base/text.hpp"
#include "sip/event/package.hpp"

#include <algorithm>

namespace lyceum::presence::xcap {
namespace {

constexpr std::string_view element_type = "application/xcap-el+xml";
constexpr std::string_view attribute_type = "application/xcap-att+xml";
constexpr std::string_view namespaces_type = "application/xcap-ns+xml";

std::string etag_of(std::string_view body) { return sip::EventBody(std::string(body)).tag; }

/// Whether one of the entity-tags in If-Match or If-None-Match is this; `*`: any that there is.
bool names_tag(std::string_view header, std::string_view body) {
    if (trim(header) == "*") return !body.empty();
    const auto tag = "\"" + etag_of(body) + "\"";
    while (!header.empty())
        if (auto each = trim(cut(header, ',')); !body.empty() && each == tag) return true;
    return false;
}

Server::Response conflict_response(const Conflict& conflict) {
    const std::string ns = "urn:ietf:params:xml:ns:xcap-error";
    xml::Element root{ns, "xcap-error"}, what{ns, conflict.what};
    if (!conflict.phrase.empty()) what.set("phrase", conflict.phrase);
    root.children.push_back(std::move(what));
    return {409, "application/xcap-error+xml", {}, xml::write(root)};
}

std::string capabilities() {
    const std::string ns = "urn:ietf:params:xml:ns:xcap-caps";
    xml::Element root{ns, "xcap-caps"}, auids{ns, "auids"}, extensions{ns, "extensions"},
        namespaces{ns, "namespaces"};
    for (const auto& each : applications()) {
        auids.children.push_back({ns, "auid", {}, std::string(each.auid)});
        namespaces.children.push_back({ns, "namespace", {}, std::string(each.ns)});
    }
    root.children = {std::move(auids), std::move(extensions), std::move(namespaces)};
    return xml::write(root);
}

std::string_view type_for(const Selector& selector, const Application& application) {
    if (selector.is_document()) return application.type;
    return selector.attribute.empty() ? element_type : attribute_type;
}

} // namespace

void Server::set(Document document) {
    if (document.auid == "rls-services") {
        std::erase_if(services_, [&](const auto& each) { return each.second == document.owner; });
        const auto nobody = [](std::string_view) { return false; };
        for (const auto& each : services_in(document.body, {}, nobody))
            services_.emplace(each.uri, document.owner);
    }
    const Key key{document.auid, document.owner};
    if (document.body.empty()) documents_.erase(key);
    else documents_.insert_or_assign(key, std::move(document.body));
}

bool Server::is_changing(std::string_view auid, std::string_view owner) const {
    return std::any_of(waiting_.begin(), waiting_.end(), [&](const auto& each) {
        const auto& document = each.second.document;
        return document.auid == auid && document.owner == owner;
    });
}

std::string_view Server::document(std::string_view auid, std::string_view owner) const {
    const auto known = documents_.find(Key(auid, owner));
    return known == documents_.end() ? std::string_view{} : known->second;
}

void Server::handle_request(RequestId id, const Request& request, const std::string& user) {
    if (auto response = serve(id, request, user)) {
        if (response->status >= 400)
            log_.info("xcap.refused", {{"status", response->status}, {"method", request.method}});
        outputs_.push_back(Answer{id, std::move(*response)});
    }
}

std::optional<Server::Response> Server::serve(RequestId id, const Request& request,
                                              const std::string& user) {
    const auto namespace_of = [](std::string_view auid) {
        const auto* known = application_of(auid);
        return std::string(known ? known->ns : "");
    };
    const auto selector = Selector::parse(request.target, namespace_of);
    if (!selector) return Response{400, "text/plain", {}, selector.error().what + "\n"};
    const auto* application = application_of(selector->auid);
    const bool global = application && application->auid == "xcap-caps";
    if (!application || selector->document != document_name ||
        global == selector->owner.has_value())
        return Response{404};
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (global) {
        if (!reads) return Response{405};
        return get(capabilities(), *selector, *application, request.if_none_match);
    }
    const auto owner = names_.member_of(*selector->owner);
    // Of whom there is nothing to be seen, nobody else learns whether he is one of us.
    if (owner != user) return Response{403};
    const auto body = document(application->auid, *owner);
    if (!request.if_match.empty() && !names_tag(request.if_match, body)) return Response{412};
    if (reads) return get(body, *selector, *application, request.if_none_match);
    const bool fits = request.if_none_match.empty() || !names_tag(request.if_none_match, body);
    if (!fits) return Response{412};
    if ((request.method != "PUT" && request.method != "DELETE") || selector->namespaces)
        return Response{405};
    return change(id, request, *selector, *application, *owner);
}

Server::Response Server::get(std::string_view body, const Selector& selector,
                             const Application& application, const std::string& seen) const {
    if (body.empty()) return {404};
    const auto tag = etag_of(body);
    if (!seen.empty() && names_tag(seen, body)) return {304, {}, tag};
    if (selector.is_document()) return {200, std::string(application.type), tag, std::string(body)};
    const auto root = xml::parse(body);
    const auto* element = root ? find(*root, selector.steps) : nullptr;
    if (!element) return {404};
    if (!selector.attribute.empty()) {
        const auto value = element->attribute(selector.attribute);
        if (!value) return {404};
        return {200, std::string(attribute_type), tag, std::string(*value)};
    }
    auto shown = *element;
    shown.tail.clear();
    if (!selector.namespaces) return {200, std::string(element_type), tag, xml::write_bare(shown)};
    shown.children.clear();
    shown.attributes.clear();
    shown.text.clear();
    return {200, std::string(namespaces_type), tag, xml::write_bare(shown)};
}

std::optional<Conflict> Server::check(const Application& application, const xml::Element& root,
                                      const std::string& owner) const {
    if (auto conflict = xcap::check(application, root)) return conflict;
    if (application.auid != "rls-services") return std::nullopt;
    for (const auto& each : root.children) {
        const std::string uri(*each.attribute("uri"));
        const auto known = services_.find(uri);
        if ((known != services_.end() && known->second != owner) || !names_.is_free(uri))
            return Conflict{"uniqueness-failure", uri + " is another's"};
    }
    return std::nullopt;
}

/// PUT and DELETE (RFC 4825 §8.2, §8.4).
std::optional<Server::Response> Server::change(RequestId id, const Request& request,
                                               const Selector& selector,
                                               const Application& application,
                                               const std::string& owner) {
    const bool puts = request.method == "PUT";
    const auto body = document(application.auid, owner);
    Response response;
    Document document{std::string(application.auid), owner, {}};
    auto said = request.type;
    if (puts && !iequals(trim(std::string_view(said).substr(0, said.find(';'))),
                         type_for(selector, application)))
        return Response{415};
    if (puts && body.empty() && documents_.size() >= documents_max) return Response{503};
    if (selector.is_document()) {
        if (!puts && body.empty()) return Response{404};
        if (puts) {
            if (!is_utf8(request.body)) return conflict_response({"not-utf-8"});
            const auto root = xml::parse(request.body);
            if (!root) return conflict_response({"not-well-formed", root.error().what});
            if (const auto conflict = check(application, *root, owner))
                return conflict_response(*conflict);
            document.body = request.body;
            response.status = body.empty() ? 201 : 200;
        }
    } else {
        auto root = xml::parse(body);
        if (!root) return puts ? conflict_response({"no-parent"}) : Response{404};
        const auto done = puts ? put(*root, selector, request.body) : remove(*root, selector);
        if (!done) return conflict_response(done.error());
        if (!puts && !*done) return Response{404};
        if (const auto conflict = check(application, *root, owner))
            return conflict_response(*conflict);
        document.body = xml::write(*root);
        if (document.body.size() > xml::document_bytes_max)
            return conflict_response({"constraint-failure", "the document becomes too large"});
        response.status = puts && *done ? 201 : 200;
    }
    if (!document.body.empty()) response.etag = etag_of(document.body);
    const SaveId save{++last_save_};
    // What comes meanwhile builds on it; see handle_saved for what fails.
    const std::string before(body);
    set(document);
    waiting_.emplace(save, Waiting{id, std::move(response), {document.auid, owner, before}});
    outputs_.push_back(Save{save, std::move(document)});
    return std::nullopt;
}

std::optional<Document> Server::handle_saved(SaveId id, bool done) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return std::nullopt;
    auto waiting = std::move(found->second);
    waiting_.erase(found);
    if (!done) {
        set(std::move(waiting.document)); // As it was.
        waiting.response = {503};
    }
    outputs_.push_back(Answer{waiting.request, std::move(waiting.response)});
    if (!done) return std::nullopt;
    const auto& [auid, owner, before] = waiting.document;
    return Document{auid, owner, std::string(document(auid, owner))};
}

std::map<std::string, std::string> Server::tags_of(std::string_view owner) const {
    std::map<std::string, std::string> out;
    for (const auto& application : applications())
        if (const auto body = document(application.auid, owner); !body.empty())
            out.emplace(application.auid, etag_of(body));
    return out;
}

std::optional<Server::Output> Server::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::presence::xcap
