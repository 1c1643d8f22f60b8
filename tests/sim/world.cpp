// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/world.hpp"

#include "base/text.hpp"
#include "server/focus/media_settings.hpp"
#include "tests/sim/phone.hpp"

#include <algorithm>
#include <array>
#include <iostream>

namespace lyceum::sim {
namespace {

constexpr int gateways = 2;

/// In a day of few calls, most of what is sent would be the question whether gateways live.
trunk::Trunks::Options trunk_options(bool day) {
    trunk::Trunks::Options options;
    if (day) options.look_every = options.look_again = 600s;
    return options;
}

} // namespace

/// What is lost in a crash.
struct World::Server {
    explicit Server(World& world)
        : entropy(world.random.u64()),
          agent({.contact_params = ";isfocus", .shows_strangers = true}, world.random, entropy,
                world.local_, world.log_),
          guard({}, world.log_), identity({.realm = "lyceum"}, world, guard, entropy, world.log_),
          focus({}, agent, world, identity, world, records, world.random, entropy, world.log_),
          registrar({.domains = world.domains_}, identity, world.local_, entropy, world.log_),
          router({.domains = world.domains_, .serial_ring = 4s}, world,
                 routing::location_of(registrar)),
          proxy({.relays_media = true,
                 .named_for_other =
                     [this](sip::Header header, std::string_view value) {
                         return b2bua.named_for_other(header, value);
                     }},
                agent, router, identity, records, world.local_, sip::KeyedHash("sim"), entropy,
                world.log_),
          trunks(trunk_options(world.options_.day), agent, world.local_, world.random, entropy,
                 world.log_),
          b2bua(
              {.domain = "192.0.2.1", .relays = &relays}, agent, trunks,
              [](std::string_view) { return std::string(); }, world.local_, entropy, world.log_) {}

    SeededEntropy entropy;
    sip::UserAgent agent;
    protection::Guard guard;
    identity::Identity identity;
    records::CallRecords records{{}};
    focus::Focus focus;
    registrar::Registrar registrar;
    routing::Router router;
    proxy::Proxy proxy;
    trunk::Trunks trunks;
    kit::Relays relays;
    b2bua::B2bua b2bua;
    std::map<focus::ConferenceId, mixer::ConferenceMedia> media;
    std::map<mixer::LegId, mixer::Part> parts; ///< Of those who have no sound yet, too.
    std::map<std::uint16_t, std::pair<focus::ConferenceId, mixer::LegId>> ports;
    std::uint16_t next_port = 20000;
};

World::World(Options options)
    : random(options.seed), options_(options), faults_(LinkFaults::draw(random)) {
    const auto count = options_.day ? 5 : random.between(1, 12);
    for (int number = 1; number <= count + gateways; ++number)
        phones_.push_back(std::make_unique<Phone>(*this, number));
    make_members(static_cast<std::size_t>(count));
    boot();
}

/// A server starts with what is on disk.
void World::boot() {
    server_ = std::make_unique<Server>(*this);
    server_->registrar.restore(registrations_, now);
    trunk::Trunk trunk;
    trunk.name = "pstn";
    trunk.caller = "+490";
    trunk.inbound = "m1";
    for (auto number = phones_.size() - gateways + 1; number <= phones_.size(); ++number)
        trunk.gateways.push_back({"sip:198.51.100." + std::to_string(number),
                                  static_cast<unsigned>(random.between(1, 2))});
    server_->trunks.set({std::move(trunk)}, now);
    std::vector<b2bua::KeptCall> kept;
    for (const auto& [id, call] : kept_calls_) kept.push_back(call);
    server_->b2bua.restore(kept, now);
    drain();
}

/// What was under way is not finished, and nobody is told.
void World::crash() {
    note("the server crashes");
    final_responses_.clear();
    last_cseq_.clear();
    boot();
}

/// Something is done in one of the rooms, as a host would; a move may not come to its end.
void World::lead() {
    using Kind = focus::Action::Kind;
    static constexpr std::array<std::string_view, 4> names{"demo", "small", "annex", "lesson"};
    static constexpr std::array<std::string_view, 5> texts{"", "red", "annex", "demo", "m1"};
    auto& focus = server_->focus;
    const auto room = names[random.below(names.size())];
    focus::Action action{static_cast<Kind>(random.below(static_cast<std::size_t>(Kind::count_)))};
    if (random.chance(40)) action.kind = Kind::to_room;
    if (action.kind == Kind::end && random.chance(80)) return; // Else no lesson lasts.
    action.text = action.kind == Kind::to_room ? names[random.below(names.size())]
                                               : texts[random.below(texts.size())];
    action.whom = random.chance(80) ? focus::Action::Whom::one : focus::Action::Whom::everybody;
    const auto roster = focus.roster(room);
    if (roster.empty()) return;
    action.target = roster[random.below(roster.size())].leg;
    const auto denied = focus.apply(room, action, {focus::By::web, {}, "host", true}, now);
    note(std::string(room) + ": " + std::string(focus::name_of(action.kind)) + " " + action.text +
         (denied ? ", " + std::string(focus::name_of(*denied)) : ""));
    if (!denied && random.chance(action.kind == Kind::to_room ? 5 : 1)) crash();
}

/// Two phones to a member, ringing together or one after the other, and a way on for some of them.
void World::make_members(std::size_t phones) {
    for (std::size_t first = 1; first <= phones; first += 2) {
        const auto name = "m" + std::to_string(members_.size() + 1);
        registrar::Registration registration{name, {}};
        for (auto number = first; number <= std::min(first + 1, phones); ++number) {
            registrar::Binding binding;
            binding.contact = "sip:phone@198.51.100." + std::to_string(number) + ":5060";
            binding.source = *sip::endpoint_of(binding.contact);
            binding.q_thousandths = random.chance(50) && number > first ? 500 : 1000;
            binding.expires = WallTime(100h);
            registration.bindings.push_back(std::move(binding));
        }
        registrations_.push_back(std::move(registration));
        auto& set = members_[name];
        if (random.chance(30)) set.forwarding.busy = random.chance(50) ? "demo" : "m1";
        if (random.chance(30)) set.forwarding.no_answer = random.chance(50) ? "m1" : "small";
        if (random.chance(20)) set.forwarding.unreachable = random.chance(50) ? "demo" : "+493";
        if (random.chance(20)) set.steps = {{"devices", 3s}, {"m2", 3s}, {"demo", 3s}};
        set.forwarding.no_answer_after = 5s;
    }
}

std::optional<routing::Member> World::member(std::string_view name) {
    const auto found = members_.find(name);
    return found == members_.end() ? std::nullopt : std::optional(found->second);
}

World::~World() = default;

void World::run() {
    const auto pace = options_.day ? 600s : 3s;
    const auto storm = options_.day ? Duration(24h) : Duration(random.between(20, 90) * 1s);
    for (auto& phone : phones_) {
        // Each phone does something now and then until the storm is over.
        auto act = std::make_shared<std::function<void()>>();
        auto* raw = phone.get();
        *act = [this, raw, pace, storm, weak = std::weak_ptr(act)] {
            if (now >= TimePoint(storm)) return;
            raw->act();
            const auto pause = Duration(random.between(1, Duration(pace).count()));
            at(now + pause, [self = weak.lock()] { (*self)(); });
        };
        at(TimePoint(random.between(0, 2000) * 1ms), [act] { (*act)(); });
    }
    auto led = std::make_shared<std::function<void()>>();
    *led = [this, pace, storm, weak = std::weak_ptr(led)] {
        if (now >= TimePoint(storm)) return;
        lead();
        const auto pause = Duration(random.between(1, Duration(pace).count() / 4));
        at(now + pause, [self = weak.lock()] { (*self)(); });
    };
    at(TimePoint(1s), [led] { (*led)(); });
    phase(storm);
    note("healed");
    faults_on = false;
    faults_ = {};
    phase(35s); // What was lost has come again, or was given up.
    check_pairs();
    // Long enough for commands that wait (glare, 491) and for calls that are being set up.
    for (int round = 0; round < 10; ++round) {
        phase(10s);
        for (auto& phone : phones_) phone->retire();
    }
    // 64·T1 for what is under way, then the RTP time-out for ghosts and 64·T1 for their BYEs.
    phase(100s + rtp_timeout);
    // Ghosts on hold have no media to miss: the session timer ends them.
    phase(1900s);
    server_->trunks.set({}, now); // Nobody is asked any more whether he lives.
    phase(70s);
    check_rest();
}

void World::at(TimePoint when, std::function<void()> action) {
    events_.emplace(std::max(when, now), std::move(action));
}

void World::phase(Duration length) {
    const auto until = now + length;
    while (step(until)) {
    }
    now = until;
}

bool World::step(TimePoint until) {
    auto next = earlier(earlier(server_->agent.deadline(), server_->proxy.deadline()),
                        earlier(server_->trunks.deadline(), server_->b2bua.deadline()));
    next = earlier(next, server_->focus.deadline());
    for (const auto& phone : phones_) next = earlier(next, phone->deadline());
    for (const auto& [id, media] : server_->media) next = earlier(next, media.deadline());
    const auto event = events_.begin();
    if (event != events_.end() && (!next || event->first <= *next)) {
        if (event->first > until) return false;
        now = event->first;
        const auto action = std::move(event->second);
        events_.erase(event);
        action();
    } else {
        if (!next || *next > until) return false;
        now = std::max(now, *next);
        server_->agent.handle_timeout(now);
        server_->focus.handle_timeout(now);
        server_->proxy.handle_timeout(now);
        server_->trunks.handle_timeout(now);
        server_->b2bua.handle_timeout(now);
        for (auto& phone : phones_) phone->handle_timeout();
        std::vector<focus::ConferenceId> due;
        for (auto& [id, media] : server_->media) due.push_back(id);
        for (const auto id : due) {
            server_->media.at(id).handle_timeout(now);
            drain_media(id);
        }
    }
    drain();
    check_safety();
    return true;
}

void World::drain() {
    while (auto output = server_->agent.poll()) {
        if (auto* transmit = std::get_if<sip::Transmit>(&*output)) {
            const auto host = transmit->to.address.ip.v4_value() & 0xff;
            send_sip(static_cast<int>(host), false, std::move(transmit->bytes));
        } else if (auto* call = std::get_if<sip::IncomingCall>(&*output)) {
            server_->focus.handle_call(std::move(*call), now);
        } else if (const auto* event = std::get_if<sip::SessionEvent>(&*output)) {
            server_->focus.handle_session(*event, now);
        } else if (const auto* refer = std::get_if<sip::ReferReceived>(&*output)) {
            server_->focus.handle_refer(*refer, now);
        } else if (!server_->trunks.handle_stranger(*output, now) &&
                   !server_->b2bua.handle_stranger(*output, now)) {
            server_->proxy.handle_stranger(*output, now);
        }
    }
    while (server_->trunks.poll() || server_->focus.poll()) {
    } // What is said of them is for people.
    while (auto output = server_->b2bua.poll()) {
        if (auto* keep = std::get_if<b2bua::B2bua::Keep>(&*output))
            kept_calls_.insert_or_assign(keep->call.id, std::move(keep->call));
        else if (const auto* forget = std::get_if<b2bua::B2bua::Forget>(&*output))
            kept_calls_.erase(forget->id);
    }
}

void World::send_sip(int phone, bool to_server, std::string bytes) {
    const auto message = kit::parse(bytes);
    check_wire(message, !to_server);
    const auto line = bytes.substr(0, bytes.find("\r\n"));
    const auto arrivals = faults_.arrivals(random);
    note((to_server ? "phone " + std::to_string(phone) + " -> server  "
                    : "server -> phone " + std::to_string(phone) + "  ") +
         line + " [" + std::string(message.header(sip::Header::cseq).value_or("")) + "]" +
         (arrivals.empty() ? "  LOST" : ""));
    if (phone < 1 || phone > static_cast<int>(phones_.size())) return;
    for (const auto delay : arrivals)
        at(now + delay, [this, phone, to_server, bytes] {
            if (!to_server) return phones_[static_cast<std::size_t>(phone - 1)]->handle_sip(bytes);
            const SocketAddress from{IpAddress::v4(0xc6336400u + static_cast<std::uint32_t>(phone)),
                                     5060};
            server_->agent.handle_message(kit::parse(bytes), {sip::Transport::udp, from, {}}, now);
        });
}

void World::send_rtp(int, const SocketAddress& from, const SocketAddress& to, Bytes packet) {
    for (const auto delay : faults_.arrivals(random))
        at(now + delay, [this, from, port = to.port, packet] {
            const auto open = server_->ports.find(port);
            if (open == server_->ports.end()) return;
            const auto [conference, leg] = open->second;
            server_->media.at(conference).handle_datagram(leg, packet, from, now);
            drain_media(conference);
        });
}

void World::drain_media(focus::ConferenceId id) {
    const auto found = server_->media.find(id);
    if (found == server_->media.end()) return;
    while (auto output = found->second.poll())
        if (const auto* gone = std::get_if<mixer::ConferenceMedia::LegLost>(&*output))
            at(now, [this, leg = gone->leg] { // Posted, as the edge does.
                note("leg " + std::to_string(leg.value) + " is lost");
                server_->focus.handle_leg_lost(leg, now);
                drain();
            });
}

void World::begin(focus::ConferenceId id, focus::ConferenceSound sound) {
    auto options = focus::media_options(sound);
    options.rtp_timeout = rtp_timeout;
    server_->media.try_emplace(id, options, random.u64(), now);
}

void World::end(focus::ConferenceId id) { server_->media.erase(id); }

std::optional<SocketAddress> World::open(focus::ConferenceId id, mixer::LegId leg,
                                         const focus::MediaSource&) {
    server_->next_port =
        static_cast<std::uint16_t>(server_->next_port >= 60000 ? 20000 : server_->next_port + 2);
    server_->ports[server_->next_port] = {id, leg};
    return kit::address("192.0.2.1", server_->next_port);
}

void World::configure(focus::ConferenceId id, mixer::LegId leg, focus::LegAccess,
                      mixer::LegSettings settings) {
    auto& media = server_->media.at(id);
    if (media.leg(leg)) media.update_leg(leg, std::move(settings));
    else media.add_leg(leg, std::move(settings), now);
    media.set_part(leg, server_->parts[leg]);
}

void World::tell(focus::ConferenceId id, focus::MediaCommand command) {
    auto& media = server_->media.at(id);
    if (const auto* part = std::get_if<focus::SetPart>(&command)) {
        server_->parts[part->leg] = part->part;
        media.set_part(part->leg, part->part);
    } else if (auto* circle = std::get_if<focus::SetCircle>(&command)) {
        media.set_circle(circle->circle, std::move(circle->options));
    } else if (const auto* removed = std::get_if<focus::RemoveCircle>(&command)) {
        media.remove_circle(removed->circle);
    } else if (auto* play = std::get_if<focus::Play>(&command)) {
        std::visit([&](auto to) { media.play(to, std::move(play->sound)); }, play->to);
    } else if (const auto* hush = std::get_if<focus::Hush>(&command)) {
        std::visit([&](auto whom) { media.hush(whom); }, hush->whom);
    }
}

void World::absorb(focus::ConferenceId id, focus::ConferenceId other) {
    server_->media.at(id).absorb(std::move(server_->media.at(other)));
    server_->media.erase(other);
    for (auto& [port, owner] : server_->ports)
        if (owner.first == other) owner.first = id;
}

void World::close(focus::ConferenceId id, mixer::LegId leg) {
    server_->media.at(id).remove_leg(leg, now);
    drain_media(id); // Its farewell, as the edge does.
    server_->parts.erase(leg);
    std::erase_if(server_->ports, [&](const auto& entry) { return entry.second.second == leg; });
}

std::optional<focus::Room> World::room(std::string_view name) {
    if (iequals(name, "demo") || iequals(name, "annex")) return focus::Room{to_lower(name)};
    if (iequals(name, "lesson")) {
        focus::Room lesson{"lesson"};
        lesson.policy.all.lobby = focus::Lobby::everybody;
        lesson.policy.all.lecture = true;
        return lesson;
    }
    if (iequals(name, "small")) {
        focus::Room small{"small"};
        small.policy.all.participants_max = 2;
        return small;
    }
    return std::nullopt;
}

/// What must hold of every message that the server sends, whatever happened before.
void World::check_wire(const sip::Message& message, bool from_server) {
    if (!from_server) return;
    if (const auto rejection = sip::validate(message))
        throw Violation("the server sent an invalid message: " + rejection->reason);
    if (message.is_response() && message.status() >= 200) {
        const auto via = sip::Via::parse(message.values(sip::Header::via).front());
        auto key = std::string(via->branch());
        key.append("|").append(*message.header(sip::Header::cseq));
        const auto [known, fresh] = final_responses_.emplace(key, message.status());
        if (!fresh && known->second != message.status())
            throw Violation("two different final responses to " + key);
    }
    // What is forwarded, and CANCELs of it, count as their senders do.
    const bool own =
        message.values(sip::Header::via).size() == 1 && message.method() != sip::Method::cancel;
    if (message.is_request() && own && message.method() != sip::Method::ack) {
        const auto via = sip::Via::parse(message.values(sip::Header::via).front());
        auto key = std::string(*message.header(sip::Header::call_id));
        auto& last = last_cseq_[key];
        const auto number = sip::cseq_of(message);
        const auto again = last_cseq_.emplace("branch|" + std::string(via->branch()), number);
        if (!again.second) return; // A retransmission.
        if (number <= last) throw Violation("CSeq of the server does not grow in " + key);
        last = number;
    }
}

/// The roster is the set of live legs; a conference is there exactly while it has one.
void World::check_safety() const {
    std::size_t legs = 0;
    for (const auto& [id, media] : server_->media) legs += media.size();
    if (legs > server_->focus.leg_count())
        throw Violation("the mixer has a leg that the focus has not");
    if (server_->media.size() > server_->focus.conference_count())
        throw Violation("conferences of focus and mixer differ");
    if (server_->focus.participants("small") > 2)
        throw Violation("a room holds more than its maximum");
    if (server_->focus.leg_count() > server_->agent.session_count())
        throw Violation("a leg without a session");
    check_rooms();
}

/// What the mixer does is what the roster says: who is heard, and that all who are in one room are
/// in one conference of the mixer, each in the circle of his room or group and in no other's.
void World::check_rooms() const {
    std::map<mixer::CircleId, std::string> whose;
    for (const auto* name : {"demo", "small", "annex", "lesson"}) {
        const auto* room = server_->focus.conference(name);
        if (!room) continue;
        std::optional<focus::ConferenceId> together;
        for (const auto& who : room->participants()) {
            const auto owner =
                std::find_if(server_->ports.begin(), server_->ports.end(),
                             [&](const auto& each) { return each.second.second == who.leg; });
            if (owner == server_->ports.end()) throw Violation("a participant without a port");
            const auto conference = owner->second.first;
            if (together.value_or(conference) != conference)
                throw Violation("one room in two conferences of the mixer");
            together = conference;
            const auto& part = server_->parts.at(who.leg);
            if (part.admitted != who.is_inside() || part.speaks == who.muted)
                throw Violation("the mixer knows of another roster");
            if (who.is_inside() && who.role == focus::Role::listener && !who.has_floor &&
                part.speaks)
                throw Violation("a listener can be heard");
            const auto place = std::string(name) + "/" + who.group;
            if (whose.emplace(part.circle, place).first->second != place)
                throw Violation("two rooms or groups hear each other");
        }
    }
}

/// Both sides of a call by a trunk end or neither: no gateway talks where we have no call any more.
void World::check_pairs() const {
    std::size_t talking = 0;
    for (auto number = phones_.size() - gateways; number < phones_.size(); ++number)
        talking += phones_[number]->is_talking() ? 1 : 0;
    if (talking > server_->b2bua.size()) throw Violation("a gateway talks to nobody");
}

void World::check_rest() {
    const auto require = [](std::size_t left, const char* what) {
        if (left) throw Violation(std::to_string(left) + " " + what + " left at rest");
    };
    require(server_->focus.leg_count(), "legs");
    require(server_->focus.conference_count(), "conferences");
    require(server_->agent.session_count(), "sessions");
    require(server_->agent.transactions().size(), "transactions");
    require(server_->proxy.size(), "forwarded requests");
    require(server_->b2bua.size(), "calls by trunks");
    require(server_->relays.running.size(), "relays");
    require(kept_calls_.size(), "calls on disk");
    require(server_->media.size(), "mixers");
    require(server_->ports.size(), "ports");
    if (server_->agent.deadline() || server_->b2bua.deadline())
        throw Violation("a deadline left at rest");
    for (std::size_t i = 0; i < phones_.size(); ++i)
        if (!phones_[i]->at_rest())
            throw Violation("phone " + std::to_string(i + 1) + " not at rest");
}

void World::note(std::string line) {
    line = std::to_string(now.time_since_epoch().count() / 1000) + " ms  " + line;
    for (const char c : line) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
    if (options_.trace) std::cout << line << "\n";
    recent_.push_back(std::move(line));
    if (recent_.size() > recent_max) recent_.pop_front();
}

} // namespace lyceum::sim
