// SPDX-License-Identifier: Apache-2.0
#include "presence/publications.hpp"

#include "sip/message/writer.hpp"

#include <algorithm>

namespace lyceum::presence {

using sip::Header;
using sip::Refusal;

Publications::Publications(Options options, Entropy& entropy, Log& log)
    : options_(std::move(options)), entropy_(entropy), log_(log) {}

void Publications::restore(std::vector<Publication> publications, TimePoint now) {
    for (auto& each : publications) {
        auto document = Document::parse(each.body);
        if (document && each.expires > wall(now)) enter(std::move(each), std::move(*document), now);
        else outputs_.push_back(Save{SaveId{++last_save_}, std::move(each.tag), {}});
    }
    if (!entries_.empty()) log_.info("publications.restored", {{"count", entries_.size()}});
}

// ── A PUBLISH: RFC 3903 §6, step by step ─────────────────────────────────────────────────────────

void Publications::handle_publish(const sip::RequestReceived& received, const std::string& resource,
                                  TimePoint now) {
    const auto& request = received.request;
    const auto lifetime = lifetime_of(request);
    if (!lifetime) return refuse(received, lifetime.error());
    const auto tag = request.header("SIP-If-Match");
    std::optional<Refusal> refusal;
    if (!tag) {
        refusal = begin(received, resource, *lifetime, now);
    } else {
        const auto known = by_tag_.find(std::string(*tag));
        const bool his =
            known != by_tag_.end() && entries_.at(known->second).publication.resource == resource;
        refusal = his ? modify(received, known->second, *lifetime, now)
                      : std::optional(Refusal{412, "Conditional Request Failed"});
    }
    if (refusal) refuse(received, *refusal);
}

Result<Duration, Refusal> Publications::lifetime_of(const sip::Message& request) const {
    const auto asked = request.header(Header::expires);
    if (!asked) return options_.expires_standard;
    const auto seconds = sip::parse_delta_seconds(*asked);
    if (!seconds) return Refusal{400, "Bad Expires"};
    const Duration lifetime = std::chrono::seconds(*seconds);
    if (lifetime > Duration{} && lifetime < options_.expires_min)
        return Refusal::too_brief(options_.expires_min);
    return std::min(lifetime, options_.expires_max);
}

Result<Document, Refusal> Publications::document_of(const sip::Message& request) const {
    if (request.body().size() > options_.body_bytes_max) return Refusal{413};
    const auto type = sip::ContentType::parse(request.header(Header::content_type).value_or(""));
    const auto encoding = request.header(Header::content_encoding);
    if (!type || !type->is("application", "pidf+xml") || encoding)
        return Refusal{415, {}, {{Header::accept, std::string(pidf_type)}}};
    auto document = Document::parse(request.body());
    if (!document) return Refusal{400, "Bad Presence Document: " + document.error().what};
    return std::move(*document);
}

std::optional<Refusal> Publications::begin(const sip::RequestReceived& received,
                                           const std::string& resource, Duration lifetime,
                                           TimePoint now) {
    const auto& request = received.request;
    if (request.body().empty()) return Refusal{400, "Nothing Published"};
    auto document = document_of(request);
    if (!document) return document.error();
    if (lifetime == Duration{}) { // It is over as it begins.
        save(received, {}, {}, now);
        return std::nullopt;
    }
    const auto others = of_resource_.find(resource);
    if (others != of_resource_.end() && others->second.size() >= options_.of_resource_max)
        return Refusal{403, "Too Many Publications"};
    if (entries_.size() >= options_.publications_max) return Refusal::busy(60s);
    Publication fresh{resource, entropy_.hex(8), std::string(request.body()), wall(now) + lifetime};
    const auto& entry = enter(std::move(fresh), std::move(*document), now);
    outputs_.push_back(Changed{resource});
    save(received, {}, entry.publication, now);
    return std::nullopt;
}

/// With a body it says something new, without one it goes on to say what it did (§4.3, §4.4).
std::optional<Refusal> Publications::modify(const sip::RequestReceived& received, Id id,
                                            Duration lifetime, TimePoint now) {
    auto& [publication, document] = entries_.at(id);
    const auto& request = received.request;
    const auto replaced = publication.tag;
    if (lifetime == Duration{}) {
        const auto resource = publication.resource;
        remove(id);
        outputs_.push_back(Changed{resource});
        save(received, replaced, {}, now);
        return std::nullopt;
    }
    if (!request.body().empty()) {
        auto said = document_of(request);
        if (!said) return said.error();
        document = std::move(*said);
        if (publication.body != request.body()) outputs_.push_back(Changed{publication.resource});
        publication.body = request.body();
    }
    by_tag_.erase(replaced);
    publication.tag = entropy_.hex(8);
    publication.expires = wall(now) + lifetime;
    by_tag_.emplace(publication.tag, id);
    deadlines_.set(id, now + lifetime);
    save(received, replaced, publication, now);
    return std::nullopt;
}

void Publications::refuse(const sip::RequestReceived& received, const Refusal& refusal) {
    log_.info("publication.refused", {{"status", refusal.status}, {"why", refusal.reason}});
    outputs_.push_back(
        Answer{received.transaction,
               refusal.reply(received.request, options_.server_name, entropy_.hex(8))});
}

// ── What is published ────────────────────────────────────────────────────────────────────────────

Publications::Entry& Publications::enter(Publication publication, Document document,
                                         TimePoint now) {
    const Id id{++last_id_};
    of_resource_[publication.resource].push_back(id);
    by_tag_.emplace(publication.tag, id);
    deadlines_.set(id, now + (publication.expires - wall(now)));
    return entries_.emplace(id, Entry{std::move(publication), std::move(document)}).first->second;
}

void Publications::remove(Id id) {
    const auto found = entries_.find(id);
    const auto& publication = found->second.publication;
    const auto others = of_resource_.find(publication.resource);
    std::erase(others->second, id);
    if (others->second.empty()) of_resource_.erase(others);
    by_tag_.erase(publication.tag);
    deadlines_.remove(id);
    entries_.erase(found);
}

void Publications::save(const sip::RequestReceived& received, std::string replaced,
                        std::optional<Publication> publication, TimePoint now) {
    auto writer = sip::MessageWriter::reply(received.request, 200, {}, entropy_.hex(8));
    const auto left = publication ? publication->expires - wall(now) : Duration{};
    writer.header("SIP-ETag", publication ? publication->tag : entropy_.hex(8));
    writer.header(Header::expires, std::to_string(left / 1s));
    writer.header(Header::server, options_.server_name);
    auto response = writer.finish();
    if (!publication && replaced.empty()) { // Nothing was kept, and nothing is to be.
        outputs_.push_back(Answer{received.transaction, std::move(response)});
        return;
    }
    const SaveId id{++last_save_};
    waiting_.emplace(id, Waiting{received.transaction, std::move(response)});
    outputs_.push_back(Save{id, std::move(replaced), std::move(publication)});
}

void Publications::handle_saved(SaveId id, bool done) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    auto [transaction, response] = std::move(found->second);
    waiting_.erase(found);
    if (!done)
        response =
            Refusal::not_kept("Publication Not Kept").reply(response, options_.server_name, {});
    outputs_.push_back(Answer{transaction, std::move(response)});
}

void Publications::handle_timeout(TimePoint now) {
    while (const auto id = deadlines_.expired(now)) {
        auto gone = entries_.at(*id).publication;
        remove(*id);
        outputs_.push_back(Save{SaveId{++last_save_}, std::move(gone.tag), {}});
        outputs_.push_back(Changed{std::move(gone.resource)});
    }
}

std::vector<const Document*> Publications::of(std::string_view resource) const {
    std::vector<const Document*> out;
    if (const auto found = of_resource_.find(resource); found != of_resource_.end())
        for (const auto id : found->second) out.push_back(&entries_.at(id).document);
    if (const auto hard = hard_state_.find(resource); hard != hard_state_.end())
        out.push_back(&hard->second);
    return out;
}

void Publications::set_hard_state(const std::string& resource, std::optional<Document> document) {
    if (document) {
        document->is_hard_state = true;
        hard_state_.insert_or_assign(resource, std::move(*document));
    } else if (hard_state_.erase(resource) == 0) {
        return;
    }
    outputs_.push_back(Changed{resource});
}

std::optional<Publications::Output> Publications::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::presence
