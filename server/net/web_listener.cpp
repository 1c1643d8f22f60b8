// SPDX-License-Identifier: Apache-2.0
#include "server/net/web_listener.hpp"

#include "base/text.hpp"
#include "server/net/listen.hpp"
#include "server/net/send_queue.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>

#include <sys/socket.h>

#include <list>

namespace lyceum::net {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::asio::ip::tcp;
using boost::system::error_code;
using Plain = beast::tcp_stream;
constexpr const char* server_name = "Lyceum";
using Secure = beast::ssl_stream<beast::tcp_stream>;

/// Whether a list of tokens (RFC 9110 §5.6.1) has this one.
bool lists(std::string_view list, std::string_view token) {
    while (!list.empty())
        if (iequals(trim(cut(list, ',')), token)) return true;
    return false;
}

template <class Stream>
class WebSocket final : public Connection, public std::enable_shared_from_this<WebSocket<Stream>> {
public:
    WebSocket(Stream stream, Events events)
        : socket_(std::move(stream)), events_(std::move(events)) {}

    void start(const beast::http::request<beast::http::string_body>& upgrade,
               std::string protocol) {
        beast::get_lowest_layer(socket_).expires_never(); // It has time-outs of its own.
        auto patience = websocket::stream_base::timeout::suggested(beast::role_type::server);
        patience.keep_alive_pings = true;
        socket_.set_option(patience);
        socket_.read_message_max(WebListener::message_bytes_max);
        socket_.set_option(websocket::stream_base::decorator(
            [protocol = std::move(protocol)](websocket::response_type& reply) {
                if (!protocol.empty())
                    reply.set(beast::http::field::sec_websocket_protocol, protocol);
                reply.set(beast::http::field::server, server_name);
            }));
        socket_.async_accept(upgrade, [self = this->shared_from_this()](error_code error) {
            if (error) return self->close("no WebSocket");
            self->open_ = true;
            if (!self->queue_.empty()) self->write();
            self->read();
        });
    }

    void send(std::string bytes, sip::TransactionId transaction) override {
        const bool idle = queue_.empty();
        if (closed_ || !queue_.push(std::move(bytes), transaction)) {
            // Told later: the caller is in the middle of something.
            boost::asio::post(socket_.get_executor(),
                              [self = this->shared_from_this(), transaction] {
                                  if (transaction) self->events_.send_failed(transaction);
                                  self->close("send queue full");
                              });
            return;
        }
        if (open_ && idle) write();
    }

    void close(std::string_view why) override {
        if (closed_) return;
        closed_ = true;
        error_code ignored;
        beast::get_lowest_layer(socket_).socket().close(ignored);
        queue_.fail(events_.send_failed);
        events_.closed(why);
    }

private:
    void read() {
        socket_.async_read(buffer_,
                           [self = this->shared_from_this()](error_code error, std::size_t) {
                               if (error) return self->close("closed by peer");
                               auto bytes = beast::buffers_to_string(self->buffer_.data());
                               self->buffer_.consume(self->buffer_.size());
                               self->events_.message(std::move(bytes));
                               if (!self->closed_) self->read();
                           });
    }

    void write() {
        // A browser closes a text message that is not UTF-8, and some SIP is not.
        socket_.text(is_utf8(queue_.front()));
        socket_.async_write(boost::asio::buffer(queue_.front()),
                            [self = this->shared_from_this()](error_code error, std::size_t) {
                                if (self->closed_) return;
                                if (error) return self->close("send failed");
                                self->queue_.pop();
                                if (!self->queue_.empty()) self->write();
                            });
    }

    websocket::stream<Stream> socket_;
    Events events_;
    beast::flat_buffer buffer_;
    SendQueue queue_;
    bool open_ = false, closed_ = false;
};

} // namespace

bool WebListener::Upgrade::offers(std::string_view protocol) const {
    return lists(protocols, protocol);
}

class WebListener::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(boost::asio::io_context& io, Options options)
        : options_(std::move(options)),
          listener_(io, {options_.bind, options_.port}, "the web port"),
          tls_(load_tls(options_.certificate)) {}

    void start(Adopt adopt, Serve serve) {
        adopt_ = std::move(adopt);
        serve_ = std::move(serve);
        listener_.start([this](tcp::socket socket) { greet(std::move(socket)); });
    }
    void close() { listener_.close(); }
    void reload_certificate() { tls_ = load_tls(options_.certificate); }
    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

private:
    /// The place of a connection among those that are no WebSockets: from the one that has been
    /// silent for longest to the one that has spoken last.
    using Places = std::list<std::function<void()>>; ///< Each ends one.
    struct Seat {
        explicit Seat(std::shared_ptr<Impl> house) : impl(std::move(house)) {}
        ~Seat() { impl->places_.erase(place); }
        Seat(const Seat&) = delete;
        Seat& operator=(const Seat&) = delete;
        /// He has spoken.
        void touch() { impl->places_.splice(impl->places_.end(), impl->places_, place); }

        std::shared_ptr<Impl> impl;
        Places::iterator place;
    };
    template <class Stream>
    struct Visit {
        Visit(Stream s, beast::flat_buffer b, SocketAddress p, std::shared_ptr<Seat> taken)
            : seat(std::move(taken)), stream(std::move(s)), buffer(std::move(b)), peer(p) {}

        std::shared_ptr<Seat> seat;
        Stream stream;
        beast::flat_buffer buffer;
        SocketAddress peer;
        std::optional<beast::http::request_parser<beast::http::string_body>> parser;
        beast::http::response<beast::http::string_body> response;
        bool only_head = false;
    };
    static constexpr bool is_secure(const Secure*) { return true; }
    static constexpr bool is_secure(const Plain*) { return false; }

    /// From this machine: by loopback, or by the address that it has itself.
    static bool is_near(Plain& stream, const IpAddress& peer) {
        error_code error;
        const auto local = stream.socket().local_endpoint(error);
        return peer.is_loopback() || (!error && address_of(local).ip == peer);
    }

    /// TLS begins with an octet that HTTP does not begin with.
    void greet(tcp::socket socket) {
        error_code error;
        const auto remote = socket.remote_endpoint(error);
        if (error) return;
        const auto peer = address_of(remote);
        socket.set_option(tcp::no_delay(true), error);
        if (places_.size() >= visits_max) {
            auto end = places_.front(); // Its seat goes with what it waits for, a little later.
            places_.splice(places_.end(), places_, places_.begin());
            end();
        }
        if (places_.size() >= 2 * visits_max) return;
        auto stream = std::make_shared<Plain>(std::move(socket));
        auto seat = std::make_shared<Seat>(shared_from_this());
        // By the descriptor, since the stream moves on into others.
        seat->place = places_.insert(
            places_.end(), [fd = stream->socket().native_handle()] { ::shutdown(fd, SHUT_RDWR); });
        auto buffer = std::make_shared<beast::flat_buffer>();
        stream->expires_after(request_time_max);
        beast::async_detect_ssl(
            *stream, *buffer,
            [self = shared_from_this(), stream, buffer, peer, seat](error_code fault, bool secure) {
                if (fault) return;
                if (!secure) {
                    if (!is_near(*stream, peer.ip)) return; // Nothing in clear over a network.
                    self->read(std::make_shared<Visit<Plain>>(std::move(*stream),
                                                              std::move(*buffer), peer, seat));
                    return;
                }
                auto visit = std::make_shared<Visit<Secure>>(
                    Secure(std::move(*stream), *self->tls_), std::move(*buffer), peer, seat);
                visit->stream.async_handshake(
                    boost::asio::ssl::stream_base::server, visit->buffer.data(),
                    [self, visit, tls = self->tls_](error_code refused, std::size_t used = 0) {
                        if (refused) return;
                        visit->buffer.consume(used);
                        self->read(visit);
                    });
            });
    }

    /// The next request: its head may be a while, and once it is there, its body may not.
    template <class Stream>
    void read(const std::shared_ptr<Visit<Stream>>& visit) {
        auto& parser = visit->parser.emplace();
        parser.header_limit(header_bytes_max);
        parser.body_limit(body_bytes_max);
        beast::http::async_read_header(
            visit->stream, visit->buffer, parser,
            [self = shared_from_this(), visit](error_code error, std::size_t) {
                if (error == beast::http::error::body_limit) return self->refuse_size(visit);
                if (error) return;
                visit->seat->touch();
                beast::get_lowest_layer(visit->stream).expires_after(request_time_max);
                if (websocket::is_upgrade(visit->parser->get())) return self->upgrade(visit);
                self->read_body(visit);
            });
    }

    template <class Stream>
    void read_body(const std::shared_ptr<Visit<Stream>>& visit) {
        beast::http::async_read(visit->stream, visit->buffer, *visit->parser,
                                [self = shared_from_this(), visit](error_code error, std::size_t) {
                                    if (error == beast::http::error::body_limit)
                                        return self->refuse_size(visit);
                                    if (!error) self->answer(visit);
                                });
    }

    /// What is still on its way is not read: the connection ends.
    template <class Stream>
    void refuse_size(const std::shared_ptr<Visit<Stream>>& visit) {
        visit->response = {};
        visit->response.keep_alive(false);
        reply(visit, {413, "text/plain; charset=utf-8", "Too large.\n"});
    }

    template <class Stream>
    static http::Request request_of(Visit<Stream>& visit) {
        auto& message = visit.parser->get();
        http::Request out{std::string(message.method_string()), std::string(message.target())};
        for (const auto& field : message)
            out.headers.emplace_back(field.name_string(), field.value());
        out.body = std::move(message.body());
        out.peer = visit.peer;
        out.secure = is_secure(static_cast<Stream*>(nullptr));
        return out;
    }

    template <class Stream>
    void upgrade(const std::shared_ptr<Visit<Stream>>& visit) {
        Upgrade offer;
        const auto request = request_of(*visit);
        offer.protocols = request.header("Sec-WebSocket-Protocol");
        offer.accept = [visit](Connection::Events events, std::string_view protocol) {
            auto made =
                std::make_shared<WebSocket<Stream>>(std::move(visit->stream), std::move(events));
            made->start(visit->parser->get(), std::string(protocol));
            visit->seat.reset();
            return made;
        };
        offer.refuse = [self = shared_from_this(), visit](http::Response response) {
            visit->response = {};
            visit->response.keep_alive(false);
            self->reply(visit, std::move(response));
        };
        adopt_(request, std::move(offer));
    }

    template <class Stream>
    void answer(const std::shared_ptr<Visit<Stream>>& visit) {
        visit->response = {};
        visit->response.keep_alive(visit->parser->get().keep_alive());
        auto request = request_of(*visit);
        visit->only_head = request.method == "HEAD";
        if (visit->only_head) request.method = "GET";
        serve_(request, [self = shared_from_this(), visit](http::Response response) {
            self->reply(visit, std::move(response));
        });
    }

    template <class Stream>
    void reply(const std::shared_ptr<Visit<Stream>>& visit, http::Response said) {
        auto& response = visit->response;
        response.result(static_cast<unsigned>(said.status));
        response.set(beast::http::field::server, server_name);
        if (!said.type.empty()) response.set(beast::http::field::content_type, said.type);
        for (const auto& [name, value] : said.headers) response.insert(name, value);
        response.body() = std::move(said.body);
        response.prepare_payload();
        if (visit->only_head) response.body().clear(); // Its length has been said.
        beast::get_lowest_layer(visit->stream).expires_after(request_time_max);
        beast::http::async_write(
            visit->stream, response,
            [self = shared_from_this(), visit](error_code error, std::size_t) {
                if (error || !visit->response.keep_alive()) return; // It closes.
                beast::get_lowest_layer(visit->stream).expires_after(idle_time_max);
                self->read(visit);
            });
    }

    Options options_;
    Places places_;
    Adopt adopt_;
    Serve serve_;
    Listener listener_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
};

WebListener::WebListener(boost::asio::io_context& io, Options options)
    : impl_(std::make_shared<Impl>(io, std::move(options))) {}
WebListener::~WebListener() { close(); }
void WebListener::start(Adopt adopt, Serve serve) {
    impl_->start(std::move(adopt), std::move(serve));
}
void WebListener::close() { impl_->close(); }
void WebListener::reload_certificate() { impl_->reload_certificate(); }
std::uint16_t WebListener::port() const { return impl_->port(); }

} // namespace lyceum::net
