// SPDX-License-Identifier: Apache-2.0
#include "server/net/resolver.hpp"

#include "base/assert.hpp"
#include "server/net/clock.hpp"

#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <thread>

namespace lyceum::net {

class Resolver::Worker {
public:
    Worker(std::uint64_t seed, const std::string& name_servers)
        : random_(seed), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        ares_library_init(ARES_LIB_INIT_ALL);
        ares_options options{};
        options.timeout = 2000;
        options.tries = 2;
        LYCEUM_ASSERT(ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) ==
                      ARES_SUCCESS);
        if (!name_servers.empty())
            ares_set_servers_ports_csv(channel_, name_servers.c_str()); // Checked at start.
        thread_ = std::thread([this] { run(); });
    }

    ~Worker() {
        stop_ = true;
        wake();
        thread_.join();
        ares_destroy(channel_);
        ares_library_cleanup();
        ::close(wake_);
    }

    void locate(std::string text, Done<sip::ServerLocator> done) {
        const auto uri = sip::Uri::parse(text);
        if (!uri || !uri->is_sip()) return done({});
        start<sip::ServerLocator>({*uri, random_}, std::move(done));
    }

    template <class Core>
    void start(Core core, Done<Core> done) {
        auto lookup = std::make_unique<LookupOf<Core>>(std::move(core), std::move(done));
        std::unique_ptr<Lookup> refused = std::move(lookup);
        {
            const std::lock_guard lock(mutex_);
            if (waiting_.size() < lookups_max) waiting_.push_back(std::move(refused));
        }
        if (refused) return refused->finish();
        wake();
    }

private:
    using Query = sip::ServerLocator::Query;

    /// One of the cores, with who waits for it.
    struct Lookup {
        Worker* worker = nullptr;

        virtual ~Lookup() = default;
        virtual std::optional<Query> query() const = 0;
        virtual void handle_answer(const sip::DnsAnswer& answer) = 0;
        virtual void finish() = 0;
    };
    template <class Core>
    struct LookupOf final : Lookup {
        LookupOf(Core asked, Done<Core> told) : core(std::move(asked)), done(std::move(told)) {}

        std::optional<Query> query() const override { return core.query(); }
        void handle_answer(const sip::DnsAnswer& answer) override { core.handle_answer(answer); }
        void finish() override { done(core.query() ? typename Core::Answer{} : core.answer()); }

        Core core;
        Done<Core> done;
    };

    void wake() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
    }

    void run() {
        while (!stop_) {
            std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
            const int mask = ares_getsock(channel_, sockets.data(), ARES_GETSOCK_MAXNUM);
            std::vector<pollfd> polled{{wake_, POLLIN, 0}};
            for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
                short events = 0;
                if (ARES_GETSOCK_READABLE(mask, i)) events |= POLLIN;
                if (ARES_GETSOCK_WRITABLE(mask, i)) events |= POLLOUT;
                if (events) polled.push_back({sockets[i], events, 0});
            }
            timeval limit{1, 0}, buffer{};
            const auto* wait = ares_timeout(channel_, &limit, &buffer);
            ::poll(polled.data(), polled.size(),
                   static_cast<int>(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1));
            for (std::size_t i = 1; i < polled.size(); ++i)
                ares_process_fd(channel_,
                                polled[i].revents & (POLLIN | POLLERR | POLLHUP) ? polled[i].fd
                                                                                 : ARES_SOCKET_BAD,
                                polled[i].revents & POLLOUT ? polled[i].fd : ARES_SOCKET_BAD);
            ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
            take_waiting();
        }
        ares_cancel(channel_);
    }

    void take_waiting() {
        std::uint64_t drained = 0;
        [[maybe_unused]] const auto got = ::read(wake_, &drained, sizeof drained);
        std::vector<std::unique_ptr<Lookup>> taken;
        {
            const std::lock_guard lock(mutex_);
            taken.swap(waiting_);
        }
        for (auto& lookup : taken) {
            lookup->worker = this;
            next(std::move(lookup));
        }
    }

    /// Asks the next question of a look-up, or ends it. c-ares carries the look-up as an opaque
    /// pointer.
    void next(std::unique_ptr<Lookup> lookup) {
        const auto query = lookup->query();
        if (!query) return lookup->finish();
        auto* carried = lookup.release();
        if (query->type == Query::Type::address) {
            ares_addrinfo_hints hints{};
            hints.ai_family = AF_UNSPEC;
            ares_getaddrinfo(channel_, query->name.c_str(), nullptr, &hints, on_addresses, carried);
        } else {
            ares_query(channel_, query->name.c_str(), ns_c_in,
                       query->type == Query::Type::naptr ? ns_t_naptr : ns_t_srv,
                       query->type == Query::Type::naptr ? on_naptr : on_srv, carried);
        }
    }

    static void proceed(void* context, int status, const sip::DnsAnswer& answer) {
        std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(context));
        if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION) return;
        lookup->handle_answer(answer);
        auto& worker = *lookup->worker;
        worker.next(std::move(lookup));
    }

    static void on_naptr(void* context, int status, int, unsigned char* reply, int size) {
        sip::DnsAnswer answer;
        ares_naptr_reply* records = nullptr;
        if (status == ARES_SUCCESS &&
            ares_parse_naptr_reply(reply, size, &records) == ARES_SUCCESS) {
            for (const auto* r = records; r; r = r->next)
                answer.naptr.push_back({r->order, r->preference,
                                        reinterpret_cast<const char*>(r->flags),
                                        reinterpret_cast<const char*>(r->service), r->replacement,
                                        reinterpret_cast<const char*>(r->regexp)});
            ares_free_data(records);
        }
        proceed(context, status, answer);
    }

    static void on_srv(void* context, int status, int, unsigned char* reply, int size) {
        sip::DnsAnswer answer;
        ares_srv_reply* records = nullptr;
        if (status == ARES_SUCCESS && ares_parse_srv_reply(reply, size, &records) == ARES_SUCCESS) {
            for (const auto* r = records; r; r = r->next)
                answer.srv.push_back({r->priority, r->weight, r->port, r->host});
            ares_free_data(records);
        }
        proceed(context, status, answer);
    }

    static void on_addresses(void* context, int status, int, ares_addrinfo* result) {
        sip::DnsAnswer answer;
        if (status == ARES_SUCCESS && result) {
            for (const auto* node = result->nodes; node; node = node->ai_next) {
                sockaddr_storage name{};
                std::memcpy(&name, node->ai_addr,
                            std::min<std::size_t>(node->ai_addrlen, sizeof name));
                answer.addresses.push_back(read_sockaddr(name).ip);
            }
            ares_freeaddrinfo(result);
        }
        proceed(context, status, answer);
    }

    Random random_;
    int wake_;
    ares_channel channel_ = nullptr;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Lookup>> waiting_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

Resolver::Resolver(std::uint64_t seed, const std::string& name_servers)
    : worker_(std::make_unique<Worker>(seed, name_servers)) {}
Resolver::~Resolver() = default;

void Resolver::locate(std::string uri, Done<sip::ServerLocator> done) {
    worker_->locate(std::move(uri), std::move(done));
}

void Resolver::enumerate(std::string number, std::vector<std::string> suffixes,
                         Done<routing::EnumLookup> done) {
    worker_->start<routing::EnumLookup>({std::move(number), std::move(suffixes)}, std::move(done));
}

} // namespace lyceum::net
