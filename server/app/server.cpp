// SPDX-License-Identifier: Apache-2.0
#include "server/app/server.hpp"

#include "base/text.hpp"
#include "server/app/capture_server.hpp"
#include "server/app/database_thread.hpp"
#include "server/app/greeting.hpp"
#include "server/app/local_calendar.hpp"
#include "server/app/options.hpp"
#include "server/app/to_disk.hpp"
#include "server/app/web_feed.hpp"
#include "server/app/web_service.hpp"
#include "server/app/xcap_service.hpp"
#include "server/events/conference_info.hpp"
#include "server/focus/focus.hpp"
#include "server/net/clock.hpp"
#include "server/net/machine.hpp"
#include "server/net/media_plane.hpp"
#include "server/net/os_entropy.hpp"
#include "server/net/resolver.hpp"
#include "server/net/sip_driver.hpp"
#include "server/net/speech.hpp"
#include "server/store/database.hpp"
#include "server/store/presence_store.hpp"
#include "server/store/remembered.hpp"
#include "server/store/store.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <ostream>
#include <thread>

namespace lyceum::app {
namespace {

constexpr auto farewell_max = 5s; // For the answers to our BYEs.
constexpr auto tables_read_every = 2s;
constexpr auto records_looked_at_every = 1h;

/// The composition root: every part, in the order in which they stand on each other.
class Server {
public:
    Server(const Configuration& c, Log& log)
        : configuration_(c), log_(log), store_(c.data), random_(entropy_.u64()),
          web_(c, wall_at_zero(), calls_for_web(), log), capture_server_(capture_server(c, io_)),
          transport_(io_,
                     {*IpAddress::parse(c.bind), c.sip_port, c.sips_port, certificate_of(c),
                      entropy_.u64() >> 1, web_.port(), c.tls_verify},
                     {[this](sip::Message message, const sip::Endpoint& from) {
                          driver_.handle_message(std::move(message), from);
                      },
                      [this](sip::TransactionId id) { driver_.handle_send_failed(id); },
                      [this](bool received, const sip::Endpoint& peer, std::string_view bytes) {
                          see(received, peer, bytes);
                      },
                      [this] { driver_.turn(); }},
                     log),
          media_({{*IpAddress::parse(c.bind), c.rtp_port_min, c.rtp_port_max},
                  c.media_threads ? c.media_threads
                                  : std::max(1u, std::thread::hardware_concurrency()),
                  std::chrono::seconds(c.rtp_timeout_s)},
                 {[this](mixer::LegId leg, char digit) {
                      boost::asio::post(io_, [this, leg, digit] {
                          focus_.handle_digit(leg, digit, net::monotonic_now());
                          driver_.turn();
                      });
                  },
                  [this](mixer::LegId leg) {
                      boost::asio::post(io_, [this, leg] {
                          focus_.handle_leg_lost(leg, net::monotonic_now());
                          driver_.turn();
                      });
                  },
                  [this](mixer::LegId leg, const auto& last, const rtp::Quality& quality) {
                      boost::asio::post(io_, [this, leg, last, quality] {
                          quality_.handle_report(leg.value, last, net::monotonic_now());
                          records_.handle_heard(leg.value, quality_.take(leg.value, last, quality));
                          driver_.turn();
                      });
                  },
                  [this](const std::vector<std::pair<mixer::LegId, int>>& heard) {
                      if (!web_.is_watched()) return;
                      boost::asio::post(io_, [this, heard] { feed_.show_levels(heard); });
                  },
                  [this](mixer::ConferenceMedia::Reports reports) {
                      boost::asio::post(io_, [this, reports = std::move(reports)] {
                          feed_.handle_reports(reports);
                      });
                  },
                  [this](b2bua::RelayId relay) {
                      boost::asio::post(io_, [this, relay] {
                          b2bua_.handle_media_lost(relay, net::monotonic_now());
                          driver_.turn();
                      });
                  }},
                 entropy_, log),
          resolver_(entropy_.u64(), c.name_servers),
          agent_(agent_options(c), random_, entropy_, transport_, log),
          guard_(guard_options(c), log),
          identity_(digest_options(c, store_.realm()), names_, guard_, entropy_, log),
          records_({.wall_at_zero = wall_at_zero(),
                    .whose = [this](std::string_view from,
                                    const sip::Endpoint& there) { return whose(from, there); }}),
          focus_(focus_options(), agent_, store_, identity_, media_, records_, random_, entropy_,
                 log),
          registrar_(registrar_options(c, gruus_), identity_, transport_, entropy_, log),
          router_(router_options(c, gruus_), names_, routing::location_of(registrar_)),
          proxy_(proxy_options(c), agent_, router_, identity_, records_, transport_,
                 sip::KeyedHash(store_.secret("route_key", entropy_)), entropy_, log),
          trunks_({.server_name = server_name}, agent_, transport_, random_, entropy_, log),
          b2bua_(
              {.server_name = server_name,
               .domain = domain_of(c),
               .bridge = {.server_name = server_name},
               .relays = c.relay_media ? &media_.relays() : nullptr},
              agent_, trunks_, [this](std::string_view user) { return store_.number_of(user); },
              transport_, entropy_, log),
          presence_database_(store::open_database(c.data)),
          mailbox_(
              mailbox_options(c), agent_,
              [this](std::string_view name) { return router_.uri_of(name); }, entropy_, log),
          exploder_({.server_name = server_name,
                     .history =
                         [this](std::string_view name) {
                             const auto room = store_.room(name);
                             return room ? room->history : 0;
                         },
                     .guests = [this](std::string_view room) { return focus_.guests(room); }},
                    agent_, router_, identity_, records_, entropy_, log),
          presence_(presence_options(c, store_), agent_, router_, identity_,
                    routing::location_of(registrar_), records_, calendar_, transport_, entropy_,
                    log),
          database_(
              c.data,
              [this](std::function<void()> tell) {
                  boost::asio::post(io_, [this, tell = std::move(tell)] {
                      tell();
                      driver_.turn();
                  });
              },
              log),
          driver_(io_,
                  {agent_, focus_, registrar_, proxy_, trunks_, b2bua_, presence_, mailbox_,
                   exploder_, guard_, records_},
                  transport_, resolver_, list_of(c.enum_suffixes),
                  {[this](registrar::Registrar::Save save) { keep(std::move(save)); },
                   [this](events::PresenceAgent::Output output) { keep(std::move(output)); },
                   [this](presence::Mailbox::Output output) { keep(std::move(output)); },
                   [this](const protection::Guard::Output& output) { keep(output); },
                   [this](const trunk::Trunks::Changed& changed) {
                       tolerant("database.not-written", [&] { store_.set_state(changed); });
                   },
                   [this](records::CallRecord record) { keep(std::move(record)); },
                   [this](focus::Focus::Noted noted) { keep(std::move(noted)); },
                   [this](focus::Focus::Speak wanted) { speak(std::move(wanted)); },
                   [this](const std::string& room) { feed_.show_soon(room); },
                   [this](b2bua::B2bua::Output output) { keep(std::move(output)); },
                   [this] { names_.look_again(); }}),
          signals_(io_, SIGTERM, SIGINT, SIGHUP), farewell_(io_), tables_timer_(io_),
          records_timer_(io_) {}

    void run(std::ostream& out) {
        auto& stores = database_.stores();
        registrar_.restore(stores.bindings.load(), net::monotonic_now());
        presence_.add_for_owners(
            {"message-summary", {std::string(presence::message_summary_type)}, &message_summary_});
        presence_.add_for_owners(xcap_.package());
        presence_.add({.name = "conference",
                       .types = {std::string(events::conference_info_type)},
                       .source = &conference_info_,
                       .spacing = events::ConferenceInfo::spacing});
        router_.set_groups(store_.groups());
        router_.set_passing_rooms(
            [this](std::string_view name) { return focus_.has_own_room(name); });
        router_.set_quiet([this](auto member) { return presence_.wants_quiet(member); });
        read_lessons();
        read_documents();
        presence_.restore(stores.presence.subscriptions(), stores.presence.publications(),
                          net::monotonic_now());
        mailbox_.restore(stores.presence.mails(), net::monotonic_now());
        guard_.restore(store_.bans(), net::monotonic_now());
        trunks_.set(store_.trunks(), net::monotonic_now());
        b2bua_.restore(stores.calls.load(), net::monotonic_now());
        watch_tables();
        forget_records();
        transport_.start();
        const auto link = web_.first_link();
        web_.start();
        store_.set_web_address(web_.address());
        feed_.start();
        wait_for_signal();
        driver_.turn(); // What was restored may have something to say.
        greet(out, configuration_, {transport_.port(), transport_.tls_port(), web_.port(), link});
        io_.run();
    }

private:
    focus::Focus::Options focus_options() {
        focus::Focus::Options options{.dtls_fingerprint = media_.dtls_fingerprint()};
        options.member_named = [this](std::string_view uri) {
            const auto named = router_.named(uri);
            return named && !named->is_room ? named->name : std::string();
        };
        options.language_of = [this](std::string_view member) {
            return member.empty() ? std::string() : store_.language_of(member);
        };
        options.uri_of = [this](std::string_view name) { return router_.uri_of(name); };
        options.sound_named = [this](std::string_view name) {
            auto& sound = sounds_[to_lower(name)];
            if (!sound) sound = store_.sound(name);
            return sound;
        };
        options.expand = [this](std::string_view target) {
            const auto uri = sip::Uri::parse(target);
            const bool of_us = uri && uri->is_sip() && router_.domains().contains(*uri);
            const auto name = of_us ? uri->user_name() : std::string(target);
            const auto* members = router_.groups().members(name);
            return members ? std::vector<std::string>(members->begin(), members->end())
                           : std::vector{std::string(target)};
        };
        options.invited_by = [](const sip::Message& invite) {
            const auto body = sip::find_body(invite, "application", "resource-lists+xml");
            auto uris = body ? presence::uris_listed(*body)
                             : Result<std::vector<std::string>, Fault>(Fault{});
            return uris ? std::move(*uris) : std::vector<std::string>();
        };
        return options;
    }

    proxy::Proxy::Options proxy_options(const Configuration& c) {
        proxy::Proxy::Options options;
        options.calls_per_minute = c.calls_per_minute;
        options.server_name = server_name;
        options.relays_media = c.relay_media;
        options.named_for_other = [this](sip::Header header, std::string_view value) {
            return b2bua_.named_for_other(header, value);
        };
        options.ports = {transport_.port(), transport_.tls_port(), web_.port()};
        return options;
    }

    /// The member who says that he calls, if that is where one of his devices has registered from.
    std::string whose(std::string_view from, const sip::Endpoint& there) const {
        const auto named = router_.named(from);
        if (!named || named->is_room) return {};
        for (const auto& each : registrar_.bindings(named->name))
            if (each.source.transport == there.transport && each.source.address == there.address)
                return named->name;
        return {};
    }

    WebService::Calls calls_for_web() {
        return {[this](std::function<void()> work) {
                    boost::asio::post(io_, [this, work = std::move(work)] {
                        work();
                        driver_.turn();
                    });
                },
                [this](const sip::Endpoint& peer, const net::SipTransport::MakeConnection& make) {
                    return transport_.adopt(peer, make);
                },
                [this](const http::Request& request, net::WebListener::Reply reply) {
                    return xcap_.serve(request, std::move(reply));
                },
                [this](std::string_view room, const focus::Action& action, const focus::Actor& by) {
                    return focus_.apply(room, action, by, net::monotonic_now());
                },
                [this] { read_tables(); },
                [this](std::string_view name) { return presence_.glance_at(name); },
                [this](std::string_view call_id) { return trace_.messages_of(call_id); },
                [this](sip::SubscriptionId id) { return presence_.notifier().told(id); }};
    }

    void count_all(WebFeed::Counters& into) {
        const auto number = [](auto count) { return static_cast<std::int64_t>(count); };
        into["calls"] = number(records_.open_count());
        into["sessions"] = number(agent_.session_count());
        into["registered_users"] = number(registrar_.size());
        into["bans"] = number(guard_.ban_count());
        into["subscriptions"] = number(presence_.notifier().size());
        into["notifies_total"] = number(presence_.notifier().notified());
        into["publications"] = number(presence_.publication_count());
        into["messages_waiting"] = number(mailbox_.size());
        into["database_queue"] = number(database_.backlog());
        into["database_failures_total"] = number(database_.failures());
        into["started_seconds"] = started_ / 1s;
        into["build_info{version=\"" + std::string(server_version) + "\"}"] = 1;
        count(transport_, into);
        const auto machine = net::machine_now(configuration_.data);
        into["cores"] = machine.cores;
        into["machine_load_percent"] = machine.load_percent;
        into["process_cpu_milliseconds_total"] = machine.cpu_ms;
        into["process_resident_bytes"] = machine.resident_bytes;
        into["disk_free_bytes"] = machine.disk_free_bytes;
    }

    /// Goes on without the disk, and says so.
    template <class Work>
    void tolerant(std::string_view event, Work&& work) {
        try {
            work();
        } catch (const sql::Error& error) {
            log_.error(event, {{"why", error.what()}});
        }
    }

    void keep(registrar::Registrar::Save save) {
        database_.write(
            [registration = std::move(save.registration)](DatabaseThread::Stores& stores) {
                stores.bindings.replace(registration);
            },
            [this, id = save.id](bool done) { registrar_.handle_saved(id, done); });
    }

    void keep(events::PresenceAgent::Output output) {
        using Stores = DatabaseThread::Stores;
        if (auto* save = std::get_if<sip::Notifier::Save>(&output)) {
            database_.write(
                [it = std::move(save->subscription)](Stores& stores) { stores.presence.put(it); },
                [this, id = save->id](bool done) {
                    presence_.handle_saved(id, done, net::monotonic_now());
                });
        } else if (const auto* forget = std::get_if<sip::Notifier::Forget>(&output)) {
            database_.write(
                [id = forget->subscription](Stores& stores) { stores.presence.remove(id); });
        } else if (auto* published = std::get_if<presence::Publications::Save>(&output)) {
            database_.write(
                [replaced = std::move(published->replaced),
                 it = std::move(published->publication)](Stores& stores) {
                    if (!replaced.empty()) stores.presence.remove_publication(replaced);
                    if (it) stores.presence.put(*it);
                },
                [this, id = published->id](bool done) {
                    presence_.handle_saved(id, done, net::monotonic_now());
                });
        }
    }

    void keep(presence::Mailbox::Output output) {
        using Stores = DatabaseThread::Stores;
        if (auto* save = std::get_if<presence::Mailbox::Save>(&output)) {
            const auto id = save->mail.id;
            database_.write(
                [it = std::move(save->mail)](Stores& stores) { stores.presence.put(it); },
                [this, id](bool done) { mailbox_.handle_saved(id, done, net::monotonic_now()); });
        } else {
            database_.write([id = std::get<presence::Mailbox::Forget>(output).mail](
                                Stores& stores) { stores.presence.remove(id); });
        }
    }

    void keep(b2bua::B2bua::Output output) {
        if (const auto* named = std::get_if<b2bua::B2bua::Continued>(&output))
            return trace_.relate(named->from, named->to);
        if (auto* kept = std::get_if<b2bua::B2bua::Keep>(&output))
            return to_disk(database_, std::move(*kept));
        to_disk(database_, std::get<b2bua::B2bua::Forget>(std::move(output)));
    }

    void keep(records::CallRecord record) {
        if (configuration_.call_records_days > 0) to_disk(database_, std::move(record));
    }

    void keep(focus::Focus::Noted noted) {
        if (configuration_.call_records_days > 0) to_disk(database_, std::move(noted));
    }

    void speak(focus::Focus::Speak wanted) {
        speech_.speak(std::move(wanted.text), std::move(wanted.language),
                      [this, id = wanted.id](std::vector<mixer::Sample> sound) {
                          boost::asio::post(io_, [this, id, sound = std::move(sound)]() mutable {
                              focus_.handle_spoken(id, std::move(sound));
                              driver_.turn();
                          });
                      });
    }

    /// A ban is rare and small: written where it is decided.
    void keep(const protection::Guard::Output& output) {
        tolerant("database.not-written", [&] {
            if (const auto* banned = std::get_if<protection::Guard::Banned>(&output))
                store_.add_ban(banned->ban);
            else store_.remove_ban(std::get<protection::Guard::Released>(output).address);
        });
    }

    /// Another process (the command line) may have released somebody, or made a trunk.
    void watch_tables() {
        tables_timer_.expires_after(tables_read_every);
        tables_timer_.async_wait([this](boost::system::error_code error) {
            if (error) return;
            read_tables();
            driver_.turn();
            watch_tables();
        });
    }

    void read_tables() {
        tolerant("database.not-read", [this] {
            const auto now = net::monotonic_now();
            if (guard_.ban_count() > 0) guard_.restore(store_.bans(), now);
            trunks_.set(store_.trunks(), now);
            read_documents();
            read_groups();
            read_lessons();
            sounds_.clear();
            const auto changes = names_.changes();
            if (std::exchange(names_seen_, changes) != changes) presence_.handle_members(now);
            focus_.handle_rooms(now);
        });
    }

    /// A message that crosses the wire.
    void see(bool received, const sip::Endpoint& peer, std::string_view bytes) {
        const bool of_call = records::is_of_a_call(bytes);
        if (!of_call && !capture_server_) return;
        const auto own = transport_.toward(peer);
        const auto now = net::wall_now();
        if (of_call) trace_.note(received, peer, own, bytes, now);
        if (capture_server_)
            capture_server_->send({now, received, peer, own, records::masked(bytes)}, trace_);
    }

    /// What is older than people may keep it.
    void forget_records() {
        const auto kept = std::chrono::days(configuration_.call_records_days);
        database_.write([before = net::wall_now() - kept](DatabaseThread::Stores& stores) {
            stores.records.forget_before(before);
        });
        records_timer_.expires_after(records_looked_at_every);
        records_timer_.async_wait([this](boost::system::error_code error) {
            if (!error) forget_records();
        });
    }

    void read_documents() {
        for (const auto& [document, number] : documents_.documents_since(documents_read_)) {
            xcap_.set(document);
            documents_read_ = number;
        }
    }

    void read_lessons() {
        auto lessons = store_.lessons();
        if (lessons == presence_.timetable().lessons()) return;
        presence_.set_lessons(std::move(lessons), net::monotonic_now());
    }

    void read_groups() {
        auto groups = store_.groups();
        if (groups == router_.groups()) return;
        router_.set_groups(std::move(groups));
        presence_.handle_groups(net::monotonic_now());
    }

    void wait_for_signal() {
        signals_.async_wait([this](boost::system::error_code error, int number) {
            if (error) return;
            if (number == SIGHUP) reload();
            else stop();
            wait_for_signal();
        });
    }

    void reload() {
        try {
            transport_.reload_certificate();
            web_.reload();
            log_.info("certificate.reloaded");
        } catch (const std::exception& error) {
            log_.error("certificate.kept", {{"why", error.what()}});
        }
    }

    /// BYE to every leg; the second signal, or the bound, ends it without more waiting.
    void stop() {
        if (stopping_) return finish();
        stopping_ = true;
        log_.info("server.stopping", {{"legs", focus_.leg_count()}});
        focus_.end_all("Server is shutting down", net::monotonic_now());
        b2bua_.end_all(net::monotonic_now());
        driver_.turn();
        stop_by_ = net::monotonic_now() + farewell_max;
        wait_for_farewell();
    }

    void wait_for_farewell() {
        if (agent_.session_count() == 0 || net::monotonic_now() >= stop_by_) return finish();
        farewell_.expires_after(20ms);
        farewell_.async_wait([this](boost::system::error_code error) {
            if (!error) wait_for_farewell();
        });
    }

    void finish() {
        records_.end_all(net::monotonic_now());
        driver_.turn();
        web_.close();
        transport_.close();
        io_.stop();
        log_.info("server.stopped");
    }

    Configuration configuration_;
    Log& log_;
    boost::asio::io_context io_{1};
    net::OsEntropy entropy_;
    store::Store store_;
    store::Remembered names_{store_};
    std::shared_ptr<const registrar::TemporaryGruus> gruus_ =
        std::make_shared<registrar::TemporaryGruus>(
            sip::KeyedHash(store_.secret("gruu_key", entropy_)));
    std::int64_t names_seen_ = names_.changes();
    Random random_;
    WebService web_;
    records::QualityTrace quality_;
    records::MessageTrace trace_{std::size_t{configuration_.trace_mib} << 20};
    std::optional<CaptureServer> capture_server_;
    net::SipTransport transport_;
    net::MediaPlane media_;
    net::Resolver resolver_;
    sip::UserAgent agent_;
    protection::Guard guard_;
    identity::Identity identity_;
    records::CallRecords records_;
    focus::Focus focus_;
    registrar::Registrar registrar_;
    routing::Router router_;
    proxy::Proxy proxy_;
    trunk::Trunks trunks_;
    b2bua::B2bua b2bua_;
    sql::Database presence_database_;
    store::PresenceStore documents_{presence_database_};
    std::int64_t documents_read_ = 0; ///< The last change that was seen.
    presence::Mailbox mailbox_;
    messages::Exploder exploder_;
    presence::MessageSummary message_summary_{
        mailbox_, [this](std::string_view name) { return router_.uri_of(name); }};
    LocalCalendar calendar_;
    std::map<std::string, std::shared_ptr<const Bytes>> sounds_; ///< Played since tables were read.
    events::PresenceAgent presence_;
    events::ConferenceInfo conference_info_{
        [this](std::string_view room) {
            const auto* in_session = focus_.conference(room);
            return events::ConferenceInfo::Room{focus_.roster(room),
                                                in_session && in_session->is_locked()};
        },
        [this](std::string_view room, std::string_view watcher) {
            return presence_.may_see(room, watcher) || records_.members_in(room).contains(watcher);
        },
        [this](std::string_view room) { return router_.uri_of(room); }, wall_at_zero()};
    DatabaseThread database_;
    net::SipDriver driver_;
    XcapService xcap_{identity_,
                      guard_,
                      router_,
                      presence_,
                      database_,
                      [this] { driver_.turn(); },
                      domain_of(configuration_) + ":" + std::to_string(web_.port()),
                      log_};
    boost::asio::signal_set signals_;
    boost::asio::steady_timer farewell_, tables_timer_, records_timer_;
    WebFeed feed_{io_, focus_, quality_, web_,
                  [this](WebFeed::Counters& into) { count_all(into); }};
    Duration started_ = net::wall_now().time_since_epoch();
    bool stopping_ = false;
    TimePoint stop_by_{};
    net::Speech speech_{log_}; ///< Last: it posts to all of the above.
};

} // namespace

void prepare_data(const Configuration& configuration) {
    std::error_code error;
    std::filesystem::create_directories(configuration.data, error);
    if (error || ::access(configuration.data.c_str(), W_OK | X_OK) != 0)
        throw ConfigurationError("data: cannot write to directory " + configuration.data);
    if (configuration.certificate.empty())
        net::ensure_certificate(certificate_of(configuration), domain_of(configuration));
}

void serve(const Configuration& configuration, Log& log, std::ostream& out) {
    net::raise_descriptor_limit();
    prepare_data(configuration);
    Server server(configuration, log);
    server.run(out);
}

} // namespace lyceum::app
