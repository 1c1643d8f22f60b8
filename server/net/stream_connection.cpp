// SPDX-License-Identifier: Apache-2.0
#include "server/net/stream_connection.hpp"

#include "server/net/certificate.hpp"
#include "server/net/send_queue.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace lyceum::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using TlsStream = boost::asio::ssl::stream<tcp::socket>;

template <class Stream>
class Cutting final : public StreamConnection,
                      public std::enable_shared_from_this<Cutting<Stream>> {
public:
    template <class... Args>
    explicit Cutting(Events events, std::shared_ptr<boost::asio::ssl::context> tls, Args&&... args)
        : tls_(std::move(tls)), stream_(std::forward<Args>(args)...),
          timer_(stream_.get_executor()), events_(std::move(events)) {}

    void start(const std::optional<StreamConnection::Target>& to) {
        watch(connect_time_max, "connect timeout");
        if (!to) return handshake(true);
        if constexpr (is_tls)
            if (!to->name.empty()) expect_name(stream_.native_handle(), to->name);
        socket().async_connect(to->address, [self = this->shared_from_this()](error_code error) {
            if (error) return self->close("connect failed");
            self->handshake(false);
        });
    }

    void send(std::string bytes, sip::TransactionId transaction) override {
        if (closed_ || !queue_.push(std::move(bytes), transaction)) {
            // Told later: the caller is in the middle of something.
            boost::asio::post(stream_.get_executor(),
                              [self = this->shared_from_this(), transaction] {
                                  if (transaction) self->events_.send_failed(transaction);
                                  self->close("send queue full");
                              });
            return;
        }
        if (ready_ && !writing_) write();
    }

    void close(std::string_view why) override {
        if (closed_) return;
        closed_ = true;
        timer_.cancel();
        error_code ignored;
        socket().shutdown(tcp::socket::shutdown_both, ignored);
        socket().close(ignored);
        queue_.fail(events_.send_failed);
        events_.closed(why);
    }

private:
    static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;

    tcp::socket& socket() {
        if constexpr (is_tls) return stream_.next_layer();
        else return stream_;
    }

    void handshake([[maybe_unused]] bool server) {
        error_code ignored;
        socket().set_option(tcp::no_delay(true), ignored);
        if constexpr (is_tls) {
            const auto role = server ? TlsStream::server : TlsStream::client;
            stream_.async_handshake(role, [self = this->shared_from_this()](error_code error) {
                if (error) return self->close("TLS handshake failed: " + error.message());
                self->open();
            });
        } else {
            open();
        }
    }

    void open() {
        if (closed_) return;
        ready_ = true;
        watch(idle_time_max, "idle");
        if (!queue_.empty()) write();
        read();
    }

    void read() {
        stream_.async_read_some(
            boost::asio::buffer(buffer_),
            [self = this->shared_from_this()](error_code error, std::size_t size) {
                if (error) return self->close("closed by peer");
                self->take({self->buffer_.data(), size});
            });
    }

    void take(std::string_view octets) {
        framer_.push(octets);
        std::string message;
        while (!closed_) {
            const auto found = framer_.next(message);
            // Framing is lost: nobody knows where the next message starts.
            if (!found) return close(found.error().what);
            if (*found == sip::StreamFramer::Found::nothing) break;
            if (*found == sip::StreamFramer::Found::ping) send("\r\n", {});
            if (*found == sip::StreamFramer::Found::message) events_.message(std::move(message));
        }
        if (closed_) return;
        if (framer_.buffered() == 0) watch(idle_time_max, "idle");
        else if (!stalling_) watch(stall_time_max, "half a message");
        stalling_ = framer_.buffered() > 0;
        read();
    }

    void write() {
        writing_ = true;
        boost::asio::async_write(stream_, boost::asio::buffer(queue_.front()),
                                 [self = this->shared_from_this()](error_code error, std::size_t) {
                                     if (self->closed_) return;
                                     if (error) return self->close("send failed");
                                     self->queue_.pop();
                                     self->writing_ = false;
                                     if (!self->queue_.empty()) self->write();
                                 });
    }

    void watch(std::chrono::seconds limit, std::string_view why) {
        timer_.expires_after(limit);
        timer_.async_wait([self = this->shared_from_this(), why](error_code error) {
            if (!error) self->close(why);
        });
    }

    std::shared_ptr<boost::asio::ssl::context> tls_;
    Stream stream_;
    boost::asio::steady_timer timer_;
    Events events_;
    sip::StreamFramer framer_;
    std::array<char, 16384> buffer_{};
    SendQueue queue_;
    bool ready_ = false, writing_ = false, closed_ = false, stalling_ = false;
};

} // namespace

std::shared_ptr<Connection> StreamConnection::make(tcp::socket socket,
                                                   std::shared_ptr<boost::asio::ssl::context> tls,
                                                   const std::optional<Target>& to, Events events) {
    if (tls) {
        auto& context = *tls;
        auto made = std::make_shared<Cutting<TlsStream>>(std::move(events), std::move(tls),
                                                         std::move(socket), context);
        made->start(to);
        return made;
    }
    auto made =
        std::make_shared<Cutting<tcp::socket>>(std::move(events), nullptr, std::move(socket));
    made->start(to);
    return made;
}

} // namespace lyceum::net
