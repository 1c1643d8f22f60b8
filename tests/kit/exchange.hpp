// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "presence/mailbox.hpp"
#include "server/b2bua/b2bua.hpp"
#include "server/events/presence_agent.hpp"
#include "server/messages/exploder.hpp"
#include "server/proxy/proxy.hpp"
#include "server/registrar/registrar.hpp"
#include "tests/kit/recording_log.hpp"
#include "tests/kit/relays.hpp"
#include "tests/kit/school.hpp"
#include "tests/kit/sip.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lyceum::kit {

/// A proxy with all that it stands on, trunks and a presence agent beside it; and a driver that
/// keeps what is sent. What is to be on disk is there at once.
class Exchange : public School {
public:
    explicit Exchange(proxy::Proxy::Options options = {.relays_media = true},
                      routing::Router::Options routing = {.domains = {"school.test", "192.0.2.1"},
                                                          .numbers = {.country_code = "49"}})
        : router((routing.temporary = gruus, std::move(routing)), *this,
                 routing::location_of(registrar)),
          proxy(make(std::move(options))) {
        router.set_quiet([this](auto member) { return presence.wants_quiet(member); });
    }

    /// A device: "sip:bob@192.0.2.20:5060", whose REGISTER came from there unless said otherwise.
    void bind(const std::string& user, const std::string& contact, unsigned q = 1000,
              std::optional<sip::Endpoint> source = std::nullopt) {
        registrar::Binding binding;
        binding.contact = contact;
        binding.q_thousandths = q;
        binding.expires = WallTime(1h);
        binding.source = source ? *source : sip::endpoint_of(contact).value_or(sip::Endpoint{});
        bindings[user].push_back(binding);
        registrar.restore({{user, bindings[user]}}, now);
        presence.handle_registration(user, now);
        mailbox.handle_present(user, now);
        drain();
    }

    void hand_in(const sip::Message& message, const sip::Endpoint& from) { ///< What arrives.
        agent.handle_message(message, from, now);
        drain();
    }
    void turn() { drain(); } ///< After a command to one of the cores.
    void run(Duration time) {
        const auto end = now + time;
        while (true) {
            auto next = earlier(earlier(agent.deadline(), proxy.deadline()),
                                earlier(trunks.deadline(), b2bua.deadline()));
            next = earlier(next, earlier(presence.deadline(), mailbox.deadline()));
            next = earlier(next, exploder.deadline());
            if (!next || *next > end) break;
            now = std::max(now, *next);
            agent.handle_timeout(now);
            proxy.handle_timeout(now);
            trunks.handle_timeout(now);
            b2bua.handle_timeout(now);
            presence.handle_timeout(now);
            mailbox.handle_timeout(now);
            exploder.handle_timeout(now);
            drain();
        }
        now = end;
    }
    void located(std::vector<sip::Endpoint> targets) {
        const auto id = wanted.at(0).id;
        wanted.erase(wanted.begin());
        proxy.handle_located(id, std::move(targets), now);
        drain();
    }
    void numbered(const std::vector<std::string>& uris) {
        const auto id = numbers_wanted.at(0).id;
        numbers_wanted.erase(numbers_wanted.begin());
        proxy.handle_numbered(id, uris, now);
        drain();
    }
    void set_trunks(std::vector<trunk::Trunk> all) {
        trunks.set(std::move(all), now);
        drain();
    }
    void trunk_located(std::vector<sip::Endpoint> targets) {
        const auto id = trunk_wanted.at(0).id;
        trunk_wanted.erase(trunk_wanted.begin());
        trunks.handle_located(id, std::move(targets), now);
        drain();
    }

    /// The transport could not send what it was given last.
    void fail_last() {
        agent.handle_transport_error(last, now);
        drain();
    }

    struct Sent {
        sip::Message message;
        sip::Endpoint to;
    };
    /// Takes the next message that was sent, of this method or status if one is named.
    std::optional<Sent> next(const std::string& what = {}) {
        for (auto each = sent.begin(); each != sent.end(); ++each) {
            const auto& message = each->message;
            const auto name = message.is_request() ? std::string(message.method_name())
                                                   : std::to_string(message.status());
            if (!what.empty() && name != what) continue;
            auto out = std::move(*each);
            sent.erase(each);
            return out;
        }
        return std::nullopt;
    }

    std::map<std::string, std::vector<registrar::Binding>> bindings;

    TimePoint now{};
    Random random{1};
    SeededEntropy entropy{1};
    FixedAddresses local;
    RecordingLog log;
    protection::Guard guard{{}, log};
    identity::Identity identity{{.realm = "school"}, *this, guard, entropy, log};
    identity::Domains domains{"school.test", "192.0.2.1"};
    sip::UserAgent agent{{.shows_strangers = true}, random, entropy, local, log};
    std::shared_ptr<const registrar::TemporaryGruus> gruus =
        std::make_shared<registrar::TemporaryGruus>(sip::KeyedHash("gruus"));
    registrar::Registrar registrar{
        {.domains = domains, .temporary = gruus}, identity, local, entropy, log};
    records::CallRecords records{{.whose = [this](std::string_view from,
                                                  const sip::Endpoint& there) -> std::string {
        const auto named = router.named(from);
        for (const auto& each : named ? bindings[named->name] : std::vector<registrar::Binding>{})
            if (each.source == there) return named->name;
        return {};
    }}};
    routing::Router router;
    proxy::Proxy proxy;
    trunk::Trunks trunks{{}, agent, local, random, entropy, log};
    std::map<std::string, std::string> numbers; ///< Of members.
    Relays relays;
    b2bua::B2bua b2bua{{.domain = "school.test", .relays = &relays},
                       agent,
                       trunks,
                       [this](std::string_view member) { return numbers[std::string(member)]; },
                       local,
                       entropy,
                       log};
    UtcCalendar calendar;
    events::PresenceAgent presence{
        {},      agent,    router, identity, routing::location_of(registrar),
        records, calendar, local,  entropy,  log};
    presence::Mailbox mailbox{
        {}, agent, [this](std::string_view name) { return router.uri_of(name); }, entropy, log};
    std::vector<sip::SessionId> guests; ///< Of whatever room.
    messages::Exploder exploder{{.history = [](std::string_view) { return std::size_t{2}; },
                                 .guests = [this](std::string_view) { return guests; }},
                                agent,
                                router,
                                identity,
                                records,
                                entropy,
                                log};
    std::vector<Sent> sent;
    std::map<presence::MailId, presence::Mail> mails; ///< On disk, as these are:
    std::map<sip::SubscriptionId, sip::Subscription> subscriptions;
    std::map<std::string, presence::Publication> publications;
    sip::TransactionId last{};
    std::vector<sip::Locate> wanted, trunk_wanted;
    std::vector<proxy::Proxy::Enumerate> numbers_wanted;
    std::vector<trunk::Trunks::Changed> states;
    std::vector<sip::RequestReceived> written; ///< In those.
    std::vector<sip::IncomingCall> taken;      ///< Calls that came back to the user agent.

private:
    proxy::Proxy make(proxy::Proxy::Options options) {
        options.named_for_other = std::bind_front(&b2bua::B2bua::named_for_other, &b2bua);
        return {std::move(options),    agent,   router, identity, records, local,
                sip::KeyedHash("key"), entropy, log};
    }
    void keep(events::PresenceAgent::Output output) {
        if (auto* save = std::get_if<sip::Notifier::Save>(&output)) {
            subscriptions.insert_or_assign(save->subscription.id, save->subscription);
            presence.handle_saved(save->id, true, now);
        } else if (const auto* forget = std::get_if<sip::Notifier::Forget>(&output)) {
            subscriptions.erase(forget->subscription);
        } else if (auto* said = std::get_if<presence::Publications::Save>(&output)) {
            publications.erase(said->replaced);
            if (said->publication) publications.emplace(said->publication->tag, *said->publication);
            presence.handle_saved(said->id, true, now);
        }
        drain();
    }
    void drain() {
        while (auto output = agent.poll()) {
            if (auto* transmit = std::get_if<sip::Transmit>(&*output)) {
                if (transmit->transaction) last = transmit->transaction;
                sent.push_back({parse(std::move(transmit->bytes)), transmit->to});
            } else if (auto* call = std::get_if<sip::IncomingCall>(&*output)) {
                taken.push_back(std::move(*call));
            } else if (auto* event = std::get_if<sip::SessionEvent>(&*output)) {
                if (auto* text = std::get_if<sip::InviteSession::Written>(&event->event))
                    written.push_back({text->transaction, std::move(text->message), {}});
            } else if (!trunks.handle_stranger(*output, now) &&
                       !b2bua.handle_stranger(*output, now) &&
                       !presence.handle_stranger(*output, now) &&
                       !mailbox.handle_stranger(*output, now) &&
                       !exploder.handle_stranger(*output, now)) {
                proxy.handle_stranger(*output, now);
            }
        }
        while (auto output = proxy.poll()) {
            if (auto* locate = std::get_if<sip::Locate>(&*output))
                wanted.push_back(std::move(*locate));
            else if (auto* message = std::get_if<proxy::Proxy::Undelivered>(&*output)) {
                mailbox.keep(message->received, message->member, now);
                drain();
            } else numbers_wanted.push_back(std::get<proxy::Proxy::Enumerate>(*output));
        }
        while (auto output = trunks.poll()) {
            if (auto* locate = std::get_if<sip::Locate>(&*output))
                trunk_wanted.push_back(std::move(*locate));
            else states.push_back(std::move(std::get<trunk::Trunks::Changed>(*output)));
        }
        while (auto output = mailbox.poll()) {
            if (auto* save = std::get_if<presence::Mailbox::Save>(&*output)) {
                mails.emplace(save->mail.id, save->mail);
                mailbox.handle_saved(save->mail.id, true, now);
                drain();
            } else {
                mails.erase(std::get<presence::Mailbox::Forget>(*output).mail);
            }
        }
        const auto changed = records.take_changed();
        presence.handle_talks(changed, now);
        exploder.handle_talks(changed, now);
        if (!changed.empty()) drain();
        while (auto output = presence.poll()) keep(std::move(*output));
    }
};

} // namespace lyceum::kit
