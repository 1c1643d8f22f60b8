// SPDX-License-Identifier: Apache-2.0
#include "server/trunk/trunks.hpp"

#include "sip/message/values.hpp"
#include "sip/message/writer.hpp"

#include <algorithm>

namespace lyceum::trunk {

using sip::Header;

Trunks::Trunks(Options options, sip::UserAgent& agent, const sip::LocalAddresses& local,
               Random& random, Entropy& entropy, Log& log)
    : options_(std::move(options)), agent_(agent), local_(local), random_(random),
      entropy_(entropy), log_(log) {}

// ── Which there are ──────────────────────────────────────────────────────────────────────────────

void Trunks::set(std::vector<Trunk> trunks, TimePoint now) {
    std::vector<std::string> gone;
    for (const auto& [name, entry] : entries_)
        if (std::find(trunks.begin(), trunks.end(), entry.trunk) == trunks.end())
            gone.push_back(name);
    for (const auto& name : gone) remove(name);
    for (auto& each : trunks)
        if (!entries_.contains(each.name)) add(std::move(each), now);
}

void Trunks::add(Trunk trunk, TimePoint now) {
    const auto name = trunk.name;
    auto& entry = entries_.emplace(name, Entry{std::move(trunk), {}}).first->second;
    for (const auto& gateway : entry.trunk.gateways) {
        const GatewayId id{++last_gateway_};
        entry.machines.push_back(id);
        auto& machine = machines_.emplace(id, Machine{name, gateway}).first->second;
        locate(id, machine, now);
    }
    if (entry.trunk.registers && !entry.machines.empty()) {
        entry.registration.emplace(
            Registration::Options{.registrar = entry.trunk.gateways.front().uri,
                                  .login = entry.trunk.login,
                                  .server_name = options_.server_name},
            entropy_);
        registrations_.set(name, now);
    }
}

void Trunks::remove(const std::string& name) {
    const auto found = entries_.find(name);
    for (const auto id : found->second.machines) {
        looks_.remove(id);
        machines_.erase(id);
    }
    registrations_.remove(name);
    entries_.erase(found);
}

const Trunk* Trunks::find(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second.trunk;
}

const Trunk* Trunks::at(const IpAddress& address) const {
    for (const auto& [name, entry] : entries_) {
        const auto& sources = entry.trunk.sources;
        if (std::find(sources.begin(), sources.end(), address) != sources.end())
            return &entry.trunk;
        for (const auto id : entry.machines)
            for (const auto& endpoint : machines_.at(id).endpoints)
                if (endpoint.address.ip == address) return &entry.trunk;
    }
    return nullptr;
}

std::vector<Trunks::Way> Trunks::ways(std::string_view name, std::string_view number) {
    std::vector<Way> out;
    const auto found = entries_.find(name);
    if (found == entries_.end()) return out;
    for (const auto id : in_order(found->second)) {
        const auto& machine = machines_.at(id);
        for (const auto& endpoint : machine.endpoints)
            out.push_back({id, uri_at(machine.gateway, number), endpoint});
    }
    return out;
}

/// Of equals, one is drawn after the other, each as likely as its weight among those left.
std::vector<GatewayId> Trunks::in_order(const Entry& entry) {
    auto left = entry.machines;
    const auto rank = [this](GatewayId id) {
        const auto& machine = machines_.at(id);
        return std::pair(!machine.up, machine.gateway.priority);
    };
    std::stable_sort(left.begin(), left.end(),
                     [&](GatewayId a, GatewayId b) { return rank(a) < rank(b); });
    for (auto first = left.begin(); first != left.end(); ++first) {
        const auto last = std::find_if(first, left.end(),
                                       [&](GatewayId each) { return rank(each) != rank(*first); });
        std::uint64_t sum = 0;
        for (auto each = first; each != last; ++each) sum += machines_.at(*each).gateway.weight;
        auto drawn = random_.below(std::max<std::uint64_t>(sum, 1));
        auto chosen = first;
        while (chosen + 1 != last && drawn >= machines_.at(*chosen).gateway.weight)
            drawn -= machines_.at(*chosen++).gateway.weight;
        std::rotate(first, chosen, chosen + 1);
    }
    return left;
}

// ── Whether they live ────────────────────────────────────────────────────────────────────────────

void Trunks::locate(GatewayId id, Machine& machine, TimePoint now) {
    if (const auto direct = sip::endpoint_of(machine.gateway.uri)) {
        machine.endpoints = {*direct};
        return look(id, now);
    }
    const sip::LocateId locate{++last_locate_};
    locating_.emplace(locate, id);
    outputs_.push_back(sip::Locate{locate, machine.gateway.uri});
}

void Trunks::handle_located(sip::LocateId id, std::vector<sip::Endpoint> targets, TimePoint now) {
    const auto found = locating_.find(id);
    if (found == locating_.end()) return;
    const auto gateway = found->second;
    locating_.erase(found);
    const auto machine = machines_.find(gateway);
    if (machine == machines_.end()) return;
    // A DNS that fails is no reason to forget where the gateway was.
    if (!targets.empty()) machine->second.endpoints = std::move(targets);
    if (machine->second.endpoints.empty())
        return judge(gateway, false, "name does not resolve", now);
    look(gateway, now);
}

/// RFC 3261 §11.1. One OPTIONS at a time: what has not come after `answer_within` will not help.
void Trunks::look(GatewayId id, TimePoint now) {
    auto& machine = machines_.at(id);
    auto writer = sip::MessageWriter::request(sip::Method::options, machine.gateway.uri);
    const auto own = local_.toward(machine.endpoints.front()).to_string();
    writer.header(Header::from, "<sip:" + own + ">;tag=" + entropy_.hex(8));
    writer.header(Header::to, "<" + machine.gateway.uri + ">");
    writer.header(Header::call_id, entropy_.hex(16));
    writer.header(Header::cseq, "1 OPTIONS").header(Header::max_forwards, 70);
    writer.header(Header::contact, "<sip:" + own + ">");
    writer.header(Header::accept, "application/sdp");
    writer.header(Header::user_agent, options_.server_name);
    const auto transaction = agent_.request(writer.finish(), machine.endpoints, {}, now);
    machine.asked = transaction;
    asked_.emplace(transaction, id);
    looks_.set(id, now + options_.answer_within);
}

/// Whoever says anything lives, but for a 503: it lives and wants to be left alone.
void Trunks::judge(GatewayId id, bool up, std::string_view state, TimePoint now) {
    auto& machine = machines_.at(id);
    machine.asked.reset();
    machine.up = up;
    tell(machine.trunk, machine.gateway.uri, machine.said, state);
    looks_.set(id, now + (up ? options_.look_every : options_.look_again));
}

void Trunks::handle_outcome(GatewayId gateway, bool answered, TimePoint now) {
    const auto found = machines_.find(gateway);
    if (found == machines_.end() || found->second.up == answered) return;
    judge(gateway, answered, answered ? "up" : "no answer to a call", now);
}

void Trunks::handle_timeout(TimePoint now) {
    while (const auto id = looks_.expired(now)) {
        auto& machine = machines_.at(*id);
        if (machine.asked) judge(*id, false, "no answer", now);
        else locate(*id, machine, now);
    }
    while (const auto name = registrations_.expired(now)) send_register(entries_.at(*name), now);
}

bool Trunks::handle_stranger(const sip::UserAgent::Output& shown, TimePoint now) {
    const auto* response = std::get_if<sip::ResponseReceived>(&shown);
    const auto* failed = std::get_if<sip::RequestFailed>(&shown);
    if (!response && !failed) return false;
    const auto found = asked_.find(response ? response->transaction : failed->transaction);
    if (found == asked_.end()) return false;
    if (response && response->response.status() < 200) return true;
    const auto transaction = found->first;
    const auto asked = found->second;
    asked_.erase(found);
    if (const auto* name = std::get_if<std::string>(&asked)) {
        const auto entry = entries_.find(*name);
        if (entry != entries_.end() && entry->second.registration)
            handle_registered(entry->second, response ? &response->response : nullptr, now);
        return true;
    }
    const auto id = std::get<GatewayId>(asked);
    const auto machine = machines_.find(id);
    if (machine == machines_.end()) return true;
    const bool late = machine->second.asked != transaction;
    const int status = response ? response->response.status() : 0;
    if (status != 0 && status != 503) judge(id, true, "up", now);
    else if (!late) judge(id, false, status == 503 ? "503" : "no answer", now);
    return true;
}

// ── Whether they know us ─────────────────────────────────────────────────────────────────────────

void Trunks::send_register(Entry& entry, TimePoint now) {
    const auto& machine = machines_.at(entry.machines[entry.registrar % entry.machines.size()]);
    if (machine.endpoints.empty()) { // Its name is being looked up, or is looked up again.
        ++entry.registrar;
        return registrations_.set(entry.trunk.name, now + 1s);
    }
    const auto& where = machine.endpoints.front();
    const auto contact = sip::own_uri(entry.trunk.login.user, local_, where);
    asked_.emplace(agent_.request(entry.registration->request(contact), machine.endpoints, {}, now),
                   entry.trunk.name);
}

void Trunks::handle_registered(Entry& entry, const sip::Message* response, TimePoint now) {
    auto& registration = *entry.registration;
    if (!response) {
        registration.handle_failure(now);
        ++entry.registrar; // Perhaps the next machine is alive.
    } else if (registration.handle_response(*response, now)) {
        return send_register(entry, now);
    }
    const bool done = registration.state() == Registration::State::done;
    tell(entry.trunk.name, "", entry.said, done ? "registered" : registration.why());
    registrations_.set(entry.trunk.name, registration.due());
}

void Trunks::tell(const std::string& trunk, const std::string& gateway, std::string& said,
                  std::string_view state) {
    if (said == state) return;
    said = state;
    const bool good = state == "up" || state == "registered";
    const LogField of{"trunk", trunk}, by{"gateway", gateway}, is{"state", state};
    if (good) log_.info("trunk.state", {of, by, is});
    else log_.warning("trunk.state", {of, by, is});
    outputs_.push_back(Changed{trunk, gateway, said});
}

std::optional<Trunks::Output> Trunks::poll() {
    if (outputs_.empty()) return std::nullopt;
    auto output = std::move(outputs_.front());
    outputs_.pop_front();
    return output;
}

} // namespace lyceum::trunk
