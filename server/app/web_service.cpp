// SPDX-License-Identifier: Apache-2.0
#include "server/app/web_service.hpp"

#include "base/text.hpp"
#include "server/app/options.hpp"
#include "server/app/route_trial.hpp"
#include "server/app/xcap_service.hpp"
#include "server/net/clock.hpp"
#include "webadmin/page.hpp"
#include "webadmin/problem.hpp"

#include <boost/asio/post.hpp>

#include <pthread.h>

namespace lyceum::app {
namespace {

constexpr std::string_view sip_path = "/sip", events_path = "/api/v1/events";
constexpr auto tickets_looked_at_every = 30s;

/// A WebSocket of the web's thread as the thread of the calls has it: what is sent and what comes
/// changes threads. The socket itself is touched, and let go, on the thread of the web only.
class Across final : public net::Connection, public std::enable_shared_from_this<Across> {
public:
    using Post = std::function<void(std::function<void()>)>;
    using Accept = std::function<std::shared_ptr<net::Connection>(Events)>;

    Across(Post to_web, Post to_calls, Events events)
        : to_web_(std::move(to_web)), to_calls_(std::move(to_calls)), events_(std::move(events)) {}

    /// Before anything else is sent. On the thread of the calls, as the next two.
    void open(Accept accept) {
        to_web_([self = shared_from_this(), accept = std::move(accept)] {
            self->inner_ = accept(self->events_here());
        });
    }
    void send(std::string bytes, sip::TransactionId transaction) override {
        to_web_([self = shared_from_this(), bytes = std::move(bytes), transaction]() mutable {
            if (self->inner_) self->inner_->send(std::move(bytes), transaction);
        });
    }
    void close(std::string_view why) override {
        to_web_([self = shared_from_this(), why = std::string(why)] {
            if (self->inner_) self->inner_->close(why);
        });
    }

private:
    Events events_here() {
        const auto self = shared_from_this();
        return {[self](std::string message) {
                    self->to_calls_([self, message = std::move(message)]() mutable {
                        self->events_.message(std::move(message));
                    });
                },
                [self](std::string_view why) {
                    self->to_web_([self] { self->inner_.reset(); }); // It holds these events.
                    self->to_calls_([self, why = std::string(why)] { self->events_.closed(why); });
                },
                [self](sip::TransactionId transaction) {
                    self->to_calls_(
                        [self, transaction] { self->events_.send_failed(transaction); });
                }};
    }

    Post to_web_, to_calls_;
    Events events_;
    std::shared_ptr<net::Connection> inner_; ///< On the thread of the web.
};

http::Response not_found() {
    return {404, "text/plain; charset=utf-8", "There is nothing of that name.\n"};
}

void add_security(http::Response& response, bool secure) {
    auto& headers = response.headers;
    headers.emplace_back("X-Content-Type-Options", "nosniff");
    headers.emplace_back("Referrer-Policy", "no-referrer");
    headers.emplace_back("X-Frame-Options", "DENY");
    if (secure) headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
}

/// What a request waits for, wherever it travels: called on the thread of the web, and let go there
/// too, since a socket is behind it. If everybody has let go of it without an answer, it is 503.
class Answer {
public:
    using Noted = std::function<void(const http::Response&)>;

    Answer(boost::asio::io_context& io, net::WebListener::Reply reply, bool secure, Noted noted)
        : io_(io), reply_(std::move(reply)), noted_(std::move(noted)), secure_(secure) {}
    ~Answer() {
        if (reply_)
            boost::asio::post(io_, [reply = std::move(reply_)] {
                auto response = webadmin::response_of({503, "it could not be done: try again"});
                response.headers.emplace_back("Retry-After", "5");
                reply(std::move(response));
            });
    }
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;

    /// The first counts: what went wrong after it is in the log.
    void give(http::Response response) {
        if (!reply_) return;
        add_security(response, secure_);
        noted_(response);
        std::exchange(reply_, {})(std::move(response));
    }

private:
    boost::asio::io_context& io_;
    net::WebListener::Reply reply_;
    Noted noted_;
    bool secure_;
};

} // namespace

WebService::WebService(const Configuration& configuration, WallTime wall_at_zero, Calls calls,
                       Log& log)
    : configuration_(configuration), wall_at_zero_(wall_at_zero), calls_(std::move(calls)),
      log_(log), access_log_(configuration.access_log), tables_(configuration.data),
      listener_(io_, {*IpAddress::parse(configuration.bind), configuration.web_port,
                      certificate_of(configuration)}),
      passwords_(entropy_,
                 [this](std::function<void()> done) {
                     here([this, done = std::move(done)] {
                         try {
                             done();
                         } catch (const sql::Error& error) {
                             log_.error("web.database", {{"why", error.what()}});
                         }
                     });
                 }),
      access_(tables_.accounts, passwords_, entropy_),
      backend_(tables_,
               {domain_of(configuration), configuration.digest.find("md5") != std::string::npos},
               entropy_, net::wall_now, wall_at_zero, log,
               {[this](std::string room, focus::Action action, focus::Actor by, auto done) {
                    calls_.post([this, room = std::move(room), action = std::move(action),
                                 by = std::move(by), done = std::move(done)] {
                        here([done, denial = calls_.act(room, action, by)] { done(denial); });
                    });
                },
                [this](const std::string& dialled) { return explain(dialled); },
                [this](std::vector<std::string> names, auto done) {
                    calls_.post([this, names = std::move(names), done = std::move(done)] {
                        web::WebBackend::Reach::Glances seen;
                        for (const auto& name : names)
                            seen.emplace_back(name, calls_.glance_at(name));
                        here([done, seen = std::move(seen)] { done(seen); });
                    });
                },
                [this](std::string call_id, auto done) {
                    calls_.post([this, call_id = std::move(call_id), done = std::move(done)] {
                        here([done, seen = calls_.messages_of(call_id)] { done(seen); });
                    });
                },
                [this](sip::SubscriptionId id, auto done) {
                    calls_.post([this, id, done = std::move(done)] {
                        here([done, told = calls_.told(id)] { done(told); });
                    });
                }}),
      live_(entropy_.hex(8)), api_(backend_, access_, live_, log), tickets_timer_(io_) {}

WebService::~WebService() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
}

template <class Work>
void WebService::here(Work work) {
    boost::asio::post(io_, std::move(work));
}

std::string WebService::first_link() {
    if (tables_.accounts.has_administrator()) return {};
    static const std::string name = "admin";
    auto account = tables_.accounts.account(name).value_or(webadmin::Account{.name = name});
    account.role = webadmin::Role::administrator;
    tables_.accounts.put(account);
    tables_.accounts.remove_tickets(name, {}); // An older link ends.
    return webadmin::link_for(tables_.accounts, entropy_, account, net::wall_now());
}

SocketAddress WebService::address() const {
    auto ip = *IpAddress::parse(configuration_.bind);
    if (ip.is_unspecified()) ip = *IpAddress::parse(ip.is_v6() ? "::1" : "127.0.0.1");
    return {ip, port()};
}

void WebService::start() {
    forget_tickets();
    listener_.start([this](const http::Request& request,
                           net::WebListener::Upgrade offer) { upgrade(request, std::move(offer)); },
                    [this](const http::Request& request, net::WebListener::Reply reply) {
                        serve(request, std::move(reply));
                    });
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "web");
        io_.run();
    });
}

void WebService::close() {
    here([this] {
        listener_.close();
        for (auto& [id, watcher] : std::exchange(watchers_, {})) watcher.connection->close("end");
    });
}

void WebService::reload() {
    here([this] {
        if (!access_log_.reopen()) log_.error("access-log.not-opened");
        try {
            listener_.reload_certificate();
        } catch (const std::exception& error) {
            log_.error("certificate.kept", {{"port", "web"}, {"why", error.what()}});
        }
    });
}

void WebService::serve(const http::Request& request, net::WebListener::Reply reply) {
    const auto safe = [answer = std::make_shared<Answer>(io_, std::move(reply), request.secure,
                                                         access_log_for(request))](
                          http::Response response) { answer->give(std::move(response)); };
    if (request.target.starts_with(XcapService::root)) {
        calls_.post([this, request, safe] {
            const auto back = [this, safe](http::Response response) {
                here([safe, response = std::move(response)] { safe(response); });
            };
            if (!calls_.xcap(request, back)) back(not_found());
        });
        return;
    }
    try {
        if (!serve_own(request, safe)) safe(not_found());
    } catch (const sql::Error& error) {
        safe(unavailable(error));
    } catch (const std::exception& error) { // A mistake of ours; calls are not to suffer from it.
        log_.error("web.failed", {{"target", request.target}, {"why", error.what()}});
        safe(webadmin::response_of({500, "something went wrong here: it is in the log"}));
    }
}

std::function<void(const http::Response&)>
WebService::access_log_for(const http::Request& request) {
    if (configuration_.access_log.empty()) return [](const http::Response&) {};
    return
        [this,
         asked = http::Request{request.method, request.target, request.headers, {}, request.peer}](
            const http::Response& response) {
            access_log_.write(asked, response.status, response.body.size(), net::wall_now());
        };
}

http::Response WebService::unavailable(const sql::Error& error) {
    log_.error("web.database", {{"why", error.what()}});
    auto response = webadmin::response_of({503, "the database cannot be used: try again"});
    response.headers.emplace_back("Retry-After", "5");
    return response;
}

bool WebService::may_see(const webadmin::Who& who, const std::string& room) {
    try {
        return api_.may_see(who, room);
    } catch (const sql::Error& error) {
        log_.error("web.database", {{"why", error.what()}});
        return false;
    }
}

bool WebService::serve_own(const http::Request& request, const net::WebListener::Reply& reply) {
    const bool changes = request.method != "GET";
    const auto tell = [this, reply, changes](http::Response response) {
        if (changes && response.status < 300) calls_.post(calls_.changed);
        reply(std::move(response));
    };
    if (api_.handle(request, net::wall_now(), tell)) return true;
    if (request.method != "GET") return false;
    const auto page = webadmin::page_at(request.target, request.header("Accept-Encoding"),
                                        request.header("If-None-Match"));
    if (page) reply(*page);
    return page.has_value();
}

void WebService::upgrade(const http::Request& request, net::WebListener::Upgrade offer) {
    offer.accept = [accept = std::move(offer.accept), noted = access_log_for(request)](
                       net::Connection::Events events, std::string_view protocol) {
        noted({.status = 101});
        return accept(std::move(events), protocol);
    };
    offer.refuse = [refuse = std::move(offer.refuse),
                    noted = access_log_for(request)](http::Response response) {
        noted(response);
        refuse(std::move(response));
    };
    const auto path = request.target.substr(0, request.target.find('?'));
    if (path == sip_path) return take_sip(request, std::move(offer));
    if (path == events_path) {
        try {
            return take_watcher(request, offer);
        } catch (const sql::Error& error) {
            return offer.refuse(unavailable(error));
        }
    }
    offer.refuse(not_found());
}

/// RFC 7118. The thread of the calls takes it or not; then it is accepted here.
void WebService::take_sip(const http::Request& request, net::WebListener::Upgrade offer) {
    if (!offer.offers("sip"))
        return offer.refuse({400, "text/plain; charset=utf-8", "Ask for the subprotocol sip.\n"});
    const auto transport = request.secure ? sip::Transport::wss : sip::Transport::ws;
    calls_.post([this, peer = sip::Endpoint{transport, request.peer, {}}, offer] {
        const auto to_web = [this](std::function<void()> work) { here(std::move(work)); };
        const bool taken = calls_.adopt(peer, [&](net::Connection::Events events) {
            auto made = std::make_shared<Across>(to_web, calls_.post, std::move(events));
            made->open([accept = offer.accept](net::Connection::Events inner) {
                return accept(std::move(inner), "sip");
            });
            return made;
        });
        if (!taken)
            here([offer] {
                offer.refuse({503, "text/plain; charset=utf-8", "Too many connections.\n"});
            });
    });
}

/// A page of another site can ask for a WebSocket with our cookie; but not with its own origin.
void WebService::take_watcher(const http::Request& request,
                              const net::WebListener::Upgrade& offer) {
    const auto origin = request.header("Origin");
    const auto who = api_.watcher(request, net::wall_now());
    const auto own =
        std::string(request.secure ? "https://" : "http://") + std::string(request.header("Host"));
    if (!who || (!origin.empty() && origin != own))
        return offer.refuse(webadmin::response_of({who ? 403 : 401, "log in first"}));
    if (watchers_.size() >= watchers_max)
        return offer.refuse(webadmin::response_of({503, "too many watch already"}));
    const auto target = webadmin::Target::parse(request.target);
    const auto said = [&](const std::string& name) {
        if (!target || !target->query.contains(name)) return std::string();
        return target->query.at(name);
    };
    const webadmin::WatcherId id{++last_watcher_};
    auto connection = offer.accept({[](const std::string&) {}, // There is nothing to be said to us.
                                    [this, id](std::string_view) {
                                        live_.detach(id);
                                        watchers_.erase(id);
                                        watched_ = !watchers_.empty();
                                    },
                                    [](sip::TransactionId) {}},
                                   {});
    watchers_.emplace(id, Watcher{std::move(connection), *who});
    watched_ = true;
    live_.attach(
        id, [this, who = *who](const std::string& room) { return may_see(who, room); },
        said("epoch"), parse_number<std::uint64_t>(said("after")));
    tell_watchers();
}

void WebService::tell_watchers() {
    while (auto event = live_.poll()) {
        const auto watcher = watchers_.find(event->to);
        if (watcher != watchers_.end())
            watcher->second.connection->send(std::move(event->text), {});
    }
}

void WebService::show_room(std::string name, std::optional<web::RoomNow> room) {
    here([this, name = std::move(name), room = std::move(room)] {
        live_.set_room(name,
                       room ? std::optional(web::shown_room(*room, wall_at_zero_)) : std::nullopt);
        tell_watchers();
    });
}

void WebService::show_levels(std::string room, std::vector<std::pair<std::uint64_t, int>> levels) {
    here([this, room = std::move(room), levels = std::move(levels)] {
        live_.set_levels(room, levels);
        tell_watchers();
    });
}

void WebService::show_quality(std::string room, std::vector<web::HeardNow> heard) {
    here([this, room = std::move(room), heard = std::move(heard)] {
        std::map<std::uint64_t, webadmin::Object> quality;
        for (const auto& each : heard) quality.emplace(each.leg, web::shown(each));
        live_.set_quality(room, std::move(quality));
        tell_watchers();
    });
}

void WebService::show_counters(std::map<std::string, std::int64_t> counters) {
    here([this, counters = std::move(counters)]() mutable {
        counters["web_watchers"] = static_cast<std::int64_t>(watchers_.size());
        live_.set_counters(counters);
        backend_.set_counters(std::move(counters));
        tell_watchers();
    });
}

void WebService::forget_tickets() {
    try {
        const auto now = net::wall_now();
        tables_.accounts.forget_before(now);
        std::vector<std::shared_ptr<net::Connection>> over; // Closing one takes it from the map.
        for (const auto& [id, watcher] : watchers_)
            if (!access_.is_valid(watcher.who, now)) over.push_back(watcher.connection);
        for (const auto& each : over) each->close("logged out");
    } catch (const sql::Error& error) {
        log_.error("web.database", {{"why", error.what()}});
    }
    tickets_timer_.expires_after(tickets_looked_at_every);
    tickets_timer_.async_wait([this](boost::system::error_code error) {
        if (!error) forget_tickets();
    });
}

std::vector<std::string> WebService::explain(const std::string& dialled) {
    std::vector<std::string> lines;
    const auto text = explain_route(configuration_, tables_.store, tables_.bindings, dialled);
    for (std::string_view rest = text; !rest.empty();) lines.emplace_back(cut(rest, '\n'));
    return lines;
}

} // namespace lyceum::app
