// SPDX-License-Identifier: Apache-2.0
#include "webadmin/page.hpp"

#include "webadmin/page_files.hpp"
#include "webadmin/secrets.hpp"

#include "base/text.hpp"

#include <map>

namespace lyceum::webadmin {
namespace {

/// Nothing from elsewhere, and no script or style that is not a file of ours. Pictures may be in
/// the page itself: codes to be scanned are.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri "
    "'none'; frame-ancestors 'none'";

constexpr std::string_view no_page =
    "<!doctype html><html lang=en><meta charset=utf-8><title>Lyceum</title><p>This program was "
    "built without its dashboard. The API is at /api/v1, described at /api/v1/openapi.json.\n";

std::string_view type_of(std::string_view path) {
    static constexpr std::pair<std::string_view, std::string_view> types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".woff2", "font/woff2"},
        {".webmanifest", "application/manifest+json"},
        {".json", "application/json"}};
    for (const auto& [ending, type] : types)
        if (path.ends_with(ending)) return type;
    return "application/octet-stream";
}

struct File {
    std::string_view bytes, compressed;
    std::string tag;
};

const std::map<std::string, File, std::less<>>& files() {
    static const auto all = [] {
        std::map<std::string, File, std::less<>> out;
        for (const auto& [path, bytes] : page_files()) {
            if (path.ends_with(".gz"))
                out["/" + std::string(path.substr(0, path.size() - 3))].compressed = bytes;
            else {
                auto& file = out["/" + std::string(path)];
                file.bytes = bytes;
                file.tag = "\"" + sha256_hex(bytes).substr(0, 32) + "\"";
            }
        }
        return out;
    }();
    return all;
}

} // namespace

std::optional<http::Response> page_at(std::string_view target, std::string_view accept_encoding,
                                      std::string_view if_none_match) {
    auto path = target.substr(0, target.find('?'));
    if (path == "/") path = "/index.html";
    const auto found = files().find(path);
    if (found == files().end()) {
        if (path != "/index.html") return std::nullopt;
        return http::Response{200,
                              std::string(type_of(path)),
                              std::string(no_page),
                              {{"Content-Security-Policy", std::string(policy)}}};
    }
    const auto& file = found->second;
    http::Response out{
        .headers = {{"ETag", file.tag}, {"Content-Security-Policy", std::string(policy)}}};
    const bool kept = path.starts_with("/assets/");
    out.headers.emplace_back("Cache-Control",
                             kept ? "public, max-age=31536000, immutable" : "no-cache");
    if (if_none_match.find(file.tag) != std::string_view::npos) {
        out.status = 304;
        return out;
    }
    out.type = type_of(path);
    if (!file.compressed.empty() && icontains(accept_encoding, "gzip")) {
        out.headers.emplace_back("Content-Encoding", "gzip");
        out.headers.emplace_back("Vary", "Accept-Encoding");
        out.body = file.compressed;
    } else out.body = file.bytes;
    return out;
}

} // namespace lyceum::webadmin
