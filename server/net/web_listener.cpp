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

namespace lyceum::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
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

/// A WebSocket of SIP, one message to each of its messages.
template <class Stream>
class SipSocket final : public Connection, public std::enable_shared_from_this<SipSocket<Stream>> {
public:
    SipSocket(Stream stream, Events events)
        : socket_(std::move(stream)), events_(std::move(events)) {}

    void start(const http::request<http::empty_body>& upgrade) {
        beast::get_lowest_layer(socket_).expires_never(); // It has time-outs of its own.
        auto patience = websocket::stream_base::timeout::suggested(beast::role_type::server);
        patience.keep_alive_pings = true;
        socket_.set_option(patience);
        socket_.read_message_max(WebListener::message_bytes_max);
        socket_.set_option(websocket::stream_base::decorator([](websocket::response_type& reply) {
            reply.set(http::field::sec_websocket_protocol, "sip");
            reply.set(http::field::server, server_name);
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

class WebListener::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(boost::asio::io_context& io, Options options)
        : options_(std::move(options)),
          listener_(io, {options_.bind, options_.port}, "the web port"),
          tls_(load_tls(options_.certificate)) {}

    void start(Adopt adopt, Serve serve) {
        adopt_ = std::move(adopt);
        serve_ = std::move(serve);
        listener_.start([this](tcp::socket socket) {
            if (visits_ < visits_max) greet(std::move(socket));
        });
    }
    void close() { listener_.close(); }
    void reload_certificate() { tls_ = load_tls(options_.certificate); }
    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

private:
    /// One connection until it is known what it wants; the seat is counted.
    using Seat = std::shared_ptr<void>;
    template <class Stream>
    struct Visit {
        Visit(Stream s, beast::flat_buffer b, SocketAddress p, Seat taken)
            : seat(std::move(taken)), stream(std::move(s)), buffer(std::move(b)), peer(p) {
            parser.header_limit(header_bytes_max);
            parser.body_limit(body_bytes_max);
        }
        Seat seat;
        Stream stream;
        beast::flat_buffer buffer;
        SocketAddress peer;
        http::request_parser<http::empty_body> parser;
        std::optional<http::request_parser<http::string_body>> whole; ///< With its body.
        http::response<http::string_body> response;
    };
    static constexpr bool is_secure(const Secure*) { return true; }
    static constexpr bool is_secure(const Plain*) { return false; }

    /// TLS begins with an octet that HTTP does not begin with.
    void greet(tcp::socket socket) {
        error_code error;
        const auto remote = socket.remote_endpoint(error);
        if (error) return;
        const auto peer = address_of(remote);
        socket.set_option(tcp::no_delay(true), error);
        ++visits_;
        Seat seat(nullptr, [self = shared_from_this()](void*) { --self->visits_; });
        auto stream = std::make_shared<Plain>(std::move(socket));
        auto buffer = std::make_shared<beast::flat_buffer>();
        stream->expires_after(request_time_max);
        beast::async_detect_ssl(
            *stream, *buffer,
            [self = shared_from_this(), stream, buffer, peer, seat](error_code fault, bool secure) {
                if (fault) return;
                if (!secure) {
                    if (!peer.ip.is_loopback()) return; // Nothing in clear over a network.
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

    template <class Stream>
    void read(std::shared_ptr<Visit<Stream>> visit) {
        auto& reading = *visit;
        http::async_read_header(
            reading.stream, reading.buffer, reading.parser,
            [self = shared_from_this(), visit = std::move(visit)](error_code error, std::size_t) {
                if (error == http::error::body_limit)
                    return self->reply(visit, http::status::payload_too_large, "Too large.\n");
                if (!error) self->serve(visit);
            });
    }

    template <class Stream>
    void serve(const std::shared_ptr<Visit<Stream>>& visit) {
        const auto& request = visit->parser.get();
        if (!websocket::is_upgrade(request) || request.target() != "/sip") return read_body(visit);
        const auto protocols = request[http::field::sec_websocket_protocol];
        if (!lists({protocols.data(), protocols.size()}, "sip"))
            return reply(visit, http::status::bad_request, "Ask for the subprotocol sip.\n");
        const auto transport =
            is_secure(static_cast<Stream*>(nullptr)) ? sip::Transport::wss : sip::Transport::ws;
        const bool adopted = adopt_({transport, visit->peer, {}}, [&](Connection::Events events) {
            auto made =
                std::make_shared<SipSocket<Stream>>(std::move(visit->stream), std::move(events));
            made->start(request);
            return made;
        });
        if (!adopted) reply(visit, http::status::service_unavailable, "Too many connections.\n");
    }

    template <class Stream>
    void read_body(const std::shared_ptr<Visit<Stream>>& visit) {
        visit->whole.emplace(std::move(visit->parser));
        http::async_read(visit->stream, visit->buffer, *visit->whole,
                         [self = shared_from_this(), visit](error_code error, std::size_t) {
                             if (error == http::error::body_limit)
                                 return self->reply(visit, http::status::payload_too_large,
                                                    "Too large.\n");
                             if (!error) self->answer(visit);
                         });
    }

    template <class Stream>
    void answer(const std::shared_ptr<Visit<Stream>>& visit) {
        const auto& request = visit->whole->get();
        const auto header = [&](http::field name) { return std::string(request[name]); };
        const WebRequest asked{std::string(request.method_string()), std::string(request.target()),
                               header(http::field::content_type),    request.body(),
                               header(http::field::authorization),   header(http::field::if_match),
                               header(http::field::if_none_match),   visit->peer};
        const bool known = serve_(asked, [self = shared_from_this(), visit](WebResponse response) {
            for (const auto& [name, value] : response.headers) visit->response.insert(name, value);
            const auto status = http::int_to_status(static_cast<unsigned>(response.status));
            self->reply(visit, status, response.body, response.type);
        });
        if (!known) reply(visit, http::status::not_found, "There is nothing of that name.\n");
    }

    template <class Stream>
    void reply(const std::shared_ptr<Visit<Stream>>& visit, http::status status,
               std::string_view text, std::string_view type = "text/plain; charset=utf-8") {
        auto& response = visit->response;
        response.result(status);
        if (!type.empty()) response.set(http::field::content_type, std::string(type));
        response.set(http::field::connection, "close");
        response.set(http::field::server, server_name);
        response.body() = text;
        response.prepare_payload();
        http::async_write(visit->stream, response,
                          [visit](error_code, std::size_t) { /* It is closed by its end. */ });
    }

    Options options_;
    std::size_t visits_ = 0;
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
