// SPDX-License-Identifier: Apache-2.0
#include "server/registrar/registrar.hpp"

#include "base/char_set.hpp"
#include "base/text.hpp"
#include "sip/message/writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace lyceum::registrar {
namespace {

using sip::Header;
using sip::Refusal;

constexpr std::array<std::string_view, 3> extensions{"path", "outbound", "gruu"};

/// `q=0.7`, in thousandths; one without is as good as any (RFC 3261 §20.10).
std::optional<unsigned> q_of(std::string_view text) {
    const auto whole = cut(text, '.');
    if (text.size() > 3 || (whole != "0" && whole != "1")) return std::nullopt;
    unsigned out = whole == "1" ? 1000 : 0;
    unsigned unit = 100;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        out += static_cast<unsigned>(c - '0') * unit;
        unit /= 10;
    }
    return out <= 1000 ? std::optional(out) : std::nullopt;
}

std::string q_text(unsigned thousandths) {
    if (thousandths == 1000) return "1";
    auto digits = std::to_string(thousandths);
    return "0." + std::string(3 - digits.size(), '0') + digits;
}

/// Whether two contacts are one: the same device, or the same URI (§19.1.4).
bool is_same(const Binding& known, std::string_view contact, std::string_view instance,
             std::uint32_t reg_id) {
    if (!instance.empty() && !known.instance.empty())
        return known.instance == instance && known.reg_id == reg_id;
    if (known.contact == contact) return true;
    const auto a = sip::Uri::parse(known.contact), b = sip::Uri::parse(contact);
    return a && b && sip::equivalent(*a, *b);
}

/// It keeps flows open itself (RFC 5626 §4.2), and there is nobody between us who would have to.
bool wants_outbound(const sip::Message& request) {
    return request.lists(Header::supported, "outbound") && !request.header("Path");
}

/// The name that a device has for good, such as "<urn:uuid:…>"; what cannot be repeated is none.
std::string_view instance_in(sip::Params params) {
    static constexpr std::size_t instance_bytes_max = 128;
    const auto text = params.find("+sip.instance").value_or("");
    static constexpr CharSet unsayable("\"\\\r\n");
    return !unsayable.any_in(text) && text.size() <= instance_bytes_max ? text : std::string_view{};
}

/// Another REGISTER of the same device must be a later one (§10.3, 7); one from another Call-ID is
/// of a device that has started anew.
bool is_stale(const Binding& known, const sip::Message& request) {
    return known.call_id == *request.header(Header::call_id) && known.cseq >= sip::cseq_of(request);
}

/// What the device says it can do (RFC 3840 §9): all parameters but those of the registration.
std::string features_of(sip::Params params) {
    static constexpr std::size_t features_bytes_max = 512;
    std::string out;
    for (auto rest = params.text(); !rest.empty();) {
        const auto* start = rest.data();
        const auto param = sip::Params::next(rest);
        if (!param) break;
        const auto end = rest.empty() ? params.text().data() + params.text().size() : rest.data();
        const std::string_view text(start, static_cast<std::size_t>(end - start));
        if (iequals(param->name, "q") || iequals(param->name, "expires") ||
            iequals(param->name, "+sip.instance") || iequals(param->name, "reg-id"))
            continue;
        if (out.size() + text.size() > features_bytes_max) break;
        out.append(text);
    }
    return out;
}

} // namespace

std::string_view gr_of(std::string_view instance) {
    if (instance.starts_with('<') && instance.ends_with('>') && instance.size() > 2)
        instance = instance.substr(1, instance.size() - 2);
    static constexpr auto in_gr = CharSet::alnum_and("-_.!~*'()[]/:&+$%");
    return in_gr.has_all(instance) ? instance : std::string_view{};
}

Registrar::Registrar(Options options, identity::Identity& identity,
                     const sip::LocalAddresses& local, Entropy& entropy, Log& log)
    : options_(std::move(options)), identity_(identity), local_(local), entropy_(entropy),
      log_(log) {}

WallTime Registrar::wall(TimePoint now) const {
    return options_.wall_at_zero + now.time_since_epoch();
}

void Registrar::restore(std::vector<Registration> registrations, TimePoint now) {
    for (auto& [user, bindings] : registrations) {
        std::erase_if(bindings, [&](const Binding& each) { return each.expires <= wall(now); });
        keep(user, std::move(bindings));
    }
    log_.info("registrar.restored", {{"members", members_.size()}});
}

// ── A REGISTER ───────────────────────────────────────────────────────────────────────────────────

void Registrar::handle_request(const sip::RequestReceived& received, TimePoint now) {
    std::string user;
    if (const auto refusal = authorize(received, user, now)) return refuse(received, *refusal);
    const auto& before = bindings(user);
    auto after = changed(received, before, now);
    if (!after) return refuse(received, after.error());
    auto response = accept(received, user, *after, now);
    if (*after == before) {
        outputs_.push_back(Answer{received.transaction, std::move(response)});
        return;
    }
    log_.info("registrar.changed", {{"user", Redacted{user}}, {"bindings", after->size()}});
    keep(user, std::move(*after));
    save(user, Waiting{received.transaction, std::move(response)});
}

/// §10.3, steps 1 to 5: whether it is for us, who it is from, and whom it is about.
std::optional<Refusal> Registrar::authorize(const sip::RequestReceived& received, std::string& user,
                                            TimePoint now) {
    const auto& request = received.request;
    if (!options_.domains.contains(request.request_uri())) return Refusal{403, "Not Our Domain"};
    if (auto refusal = Refusal::of_extensions(request, extensions)) return refusal;
    if (waiting_.size() >= options_.waiting_max) return Refusal::busy(10s);
    auto outcome = identity_.check(request, received.from, now);
    if (!outcome.user) return Refusal{401, {}, std::move(outcome.challenge)};
    const auto to = sip::NameAddr::parse(*request.header(Header::to));
    if (!options_.domains.contains(to->uri_text)) return Refusal{404};
    user = to->uri()->user_name();
    if (user == *outcome.user) return std::nullopt;
    if (!identity_.is_administrator(*outcome.user))
        return Refusal{403, "Members Register Themselves"};
    if (!identity_.is_member(user)) return Refusal{404};
    log_.info("registrar.for-another", {{"user", Redacted{user}}, {"by", Redacted{*outcome.user}}});
    return std::nullopt;
}

/// Steps 6 and 7: all of it or nothing.
Result<std::vector<Binding>, Refusal> Registrar::changed(const sip::RequestReceived& received,
                                                         const std::vector<Binding>& now_bound,
                                                         TimePoint now) const {
    auto out = now_bound;
    const auto& request = received.request;
    const auto contacts = request.values(Header::contact);
    // All may be replaced at once; more are not even compared.
    if (contacts.size() > 2 * options_.bindings_max) return Refusal{403, "Too Many Devices"};
    const bool star = std::any_of(contacts.begin(), contacts.end(),
                                  [](std::string_view value) { return trim(value) == "*"; });
    std::optional<Refusal> refusal;
    if (star) {
        refusal =
            contacts.size() > 1 ? Refusal{400, "Star Is Not Alone"} : remove_all(request, out);
    } else {
        for (const auto value : contacts) {
            refusal = change_one(received, value, out, now);
            if (refusal) break;
        }
    }
    if (refusal) return std::move(*refusal);
    if (out.size() > options_.bindings_max) return Refusal{403, "Too Many Devices"};
    std::stable_sort(out.begin(), out.end(), [](const Binding& a, const Binding& b) {
        return a.q_thousandths > b.q_thousandths;
    });
    return out;
}

std::optional<Refusal> Registrar::remove_all(const sip::Message& request,
                                             std::vector<Binding>& bindings) const {
    const auto expires = sip::parse_delta_seconds(request.header(Header::expires).value_or(""));
    if (expires != 0u) return Refusal{400, "Star Without Expires: 0"};
    for (const auto& known : bindings)
        if (is_stale(known, request)) return Refusal{500, "Out of Order"};
    bindings.clear();
    return std::nullopt;
}

std::optional<Refusal> Registrar::change_one(const sip::RequestReceived& received,
                                             std::string_view value, std::vector<Binding>& bindings,
                                             TimePoint now) const {
    static constexpr std::size_t contact_bytes_max = 512, path_bytes_max = 1024;
    const auto& request = received.request;
    const auto contact = sip::NameAddr::parse(value);
    if (!contact || contact->uri_text.size() > contact_bytes_max)
        return Refusal{400, "Bad Contact"};
    const auto uri = contact->uri();
    if (!uri || !uri->is_sip()) return Refusal{400, "Bad Contact"};
    const auto q = q_of(contact->params.find("q").value_or("1"));
    if (!q) return Refusal{400, "Bad q"};
    // What is no number is as if it were not there (§10.3, 7).
    auto seconds = sip::parse_delta_seconds(contact->params.find("expires").value_or(""));
    if (!seconds) seconds = sip::parse_delta_seconds(request.header(Header::expires).value_or(""));
    auto lifetime = seconds ? Duration(std::chrono::seconds(*seconds)) : options_.expires_standard;
    if (lifetime > Duration{} && lifetime < options_.expires_min)
        return Refusal::too_brief(options_.expires_min);
    lifetime = std::min(lifetime, options_.expires_max);
    const auto instance = instance_in(contact->params);
    const auto reg_id =
        wants_outbound(request) && !instance.empty()
            ? parse_number<std::uint32_t>(contact->params.find("reg-id").value_or("0"))
            : 0;
    if (!reg_id) return Refusal{400, "Bad reg-id"};
    const auto known = std::find_if(bindings.begin(), bindings.end(), [&](const Binding& each) {
        return is_same(each, contact->uri_text, instance, *reg_id);
    });
    if (known != bindings.end()) {
        if (is_stale(*known, request)) return Refusal{500, "Out of Order"};
        bindings.erase(known);
    }
    if (lifetime == Duration{}) return std::nullopt;
    Binding fresh;
    fresh.contact = contact->uri_text;
    fresh.call_id = *request.header(Header::call_id);
    fresh.cseq = sip::cseq_of(request);
    fresh.q_thousandths = *q;
    fresh.expires = wall(now) + lifetime;
    for (const auto& field : request.fields())
        if (iequals(request.name(field), "Path"))
            fresh.path.append(fresh.path.empty() ? "" : ", ").append(request.value(field));
    if (fresh.path.size() > path_bytes_max) return Refusal{400, "Path Too Long"};
    fresh.instance = instance;
    fresh.reg_id = *reg_id;
    fresh.user_agent = request.header(Header::user_agent).value_or("").substr(0, 128);
    fresh.features = features_of(contact->params);
    fresh.source = received.from;
    bindings.push_back(std::move(fresh));
    return std::nullopt;
}

void Registrar::refuse(const sip::RequestReceived& received, const Refusal& refusal) {
    if (refusal.status != 401)
        log_.info("registrar.refused", {{"status", refusal.status}, {"why", refusal.reason}});
    outputs_.push_back(
        Answer{received.transaction,
               refusal.reply(received.request, options_.server_name, entropy_.hex(8))});
}

/// Step 8: every binding that there is now, with what is left of it.
sip::Message Registrar::accept(const sip::RequestReceived& received, const std::string& user,
                               const std::vector<Binding>& bindings, TimePoint now) {
    const auto& request = received.request;
    auto writer = sip::MessageWriter::reply(request, 200, {}, entropy_.hex(8));
    const bool wants_gruu = request.lists(Header::supported, "gruu");
    bool with_flows = false;
    for (const auto& each : bindings) {
        const auto left = std::chrono::ceil<std::chrono::seconds>(each.expires - wall(now));
        auto contact = "<" + each.contact + ">;expires=" + std::to_string(left.count());
        if (each.q_thousandths != 1000) contact += ";q=" + q_text(each.q_thousandths);
        if (!each.instance.empty()) {
            contact += ";+sip.instance=\"" + each.instance + "\"";
            // An address of this device alone, for who shall reach no other (RFC 5627 §3.1).
            const auto gr = gr_of(each.instance);
            const auto& domain = options_.domains.first();
            if (wants_gruu && !gr.empty())
                contact.append(";pub-gruu=\"sip:" + user + "@" + domain + ";gr=")
                    .append(gr)
                    .append("\"");
            if (wants_gruu && !gr.empty() && options_.temporary)
                contact.append(";temp-gruu=\"sip:")
                    .append(options_.temporary->make(user, gr, each.call_id, entropy_))
                    .append("@" + domain + ";gr\"");
        }
        if (each.reg_id != 0) contact += ";reg-id=" + std::to_string(each.reg_id);
        with_flows |= each.reg_id != 0;
        writer.header(Header::contact, contact);
    }
    for (const auto& field : request.fields())
        if (iequals(request.name(field), "Path")) writer.header("Path", request.value(field));
    // Who is behind a proxy comes to us by it, whatever he dials. Others know where we are.
    if (request.header("Path"))
        writer.header("Service-Route", "<" + sip::own_uri({}, local_, received.from) + ";lr>");
    writer.header(Header::supported, "path, outbound, gruu");
    if (with_flows && wants_outbound(request)) {
        writer.header(Header::require, "outbound");
        writer.header("Flow-Timer", std::to_string(options_.flow_timer / 1s));
    }
    writer.header(Header::server, options_.server_name);
    return writer.finish();
}

// ── What is bound ────────────────────────────────────────────────────────────────────────────────

void Registrar::keep(const std::string& user, std::vector<Binding> bindings) {
    if (bindings.empty()) {
        members_.erase(user);
        expiries_.remove(user);
        return;
    }
    const auto first =
        std::min_element(bindings.begin(), bindings.end(), [](const Binding& a, const Binding& b) {
            return a.expires < b.expires;
        })->expires;
    expiries_.set(user,
                  TimePoint(std::chrono::duration_cast<Duration>(first - options_.wall_at_zero)));
    members_[user] = std::move(bindings);
}

void Registrar::save(const std::string& user, std::optional<Waiting> waiting) {
    const SaveId id{++last_save_};
    if (waiting) waiting_.emplace(id, std::move(*waiting));
    outputs_.push_back(Save{id, {user, bindings(user)}});
}

void Registrar::handle_saved(SaveId id, bool done) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    auto [transaction, response] = std::move(found->second);
    waiting_.erase(found);
    if (!done)
        response =
            Refusal::not_kept("Registration Not Kept").reply(response, options_.server_name, {});
    outputs_.push_back(Answer{transaction, std::move(response)});
}

void Registrar::handle_timeout(TimePoint now) {
    while (const auto user = expiries_.expired(now)) {
        auto left = bindings(*user);
        std::erase_if(left, [&](const Binding& each) { return each.expires <= wall(now); });
        log_.info("registrar.expired", {{"user", Redacted{*user}}, {"bindings", left.size()}});
        keep(*user, std::move(left));
        save(*user, std::nullopt);
    }
}

const std::vector<Binding>& Registrar::bindings(std::string_view user) const {
    static const std::vector<Binding> nowhere;
    const auto found = members_.find(user);
    return found == members_.end() ? nowhere : found->second;
}

std::optional<Registrar::Output> Registrar::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::registrar
