// SPDX-License-Identifier: Apache-2.0
#include "server/net/http_client.hpp"

#include "server/net/listen.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace lyceum::net {

namespace beast = boost::beast;

std::optional<http::Response> ask(const SocketAddress& server, const http::Request& request) {
    constexpr std::chrono::seconds patience{5};
    boost::asio::io_context io;
    beast::tcp_stream stream(io);
    beast::flat_buffer buffer;
    beast::http::request<beast::http::string_body> out(beast::http::string_to_verb(request.method),
                                                       request.target, 11, request.body);
    out.set(beast::http::field::host, server.to_string());
    for (const auto& [name, value] : request.headers) out.set(name, value);
    out.prepare_payload();
    beast::http::response<beast::http::string_body> in;
    bool done = false;
    const auto read = [&](beast::error_code fault, std::size_t) {
        if (fault) return;
        beast::http::async_read(stream, buffer, in,
                                [&](beast::error_code broken, std::size_t) { done = !broken; });
    };
    stream.expires_after(patience);
    stream.async_connect(endpoint_of(server), [&](beast::error_code fault) {
        if (!fault) beast::http::async_write(stream, out, read);
    });
    io.run();
    if (!done) return std::nullopt;
    http::Response answer{static_cast<int>(in.result_int()), {}, std::move(in.body())};
    answer.type = in[beast::http::field::content_type];
    for (const auto& each : in) answer.headers.emplace_back(each.name_string(), each.value());
    return answer;
}

} // namespace lyceum::net
