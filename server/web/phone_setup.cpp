// SPDX-License-Identifier: Apache-2.0
#include "server/web/phone_setup.hpp"

#include "presence/xml.hpp"

#include <initializer_list>
#include <utility>

namespace lyceum::web {
namespace {

namespace xml = presence::xml;

constexpr std::string_view ns = "http://www.linphone.org/xsds/lpconfig.xsd";

xml::Element section(std::string_view name,
                     std::initializer_list<std::pair<std::string_view, std::string>> entries) {
    xml::Element out{std::string(ns), "section"};
    out.set("name", name);
    for (const auto& [key, value] : entries) {
        auto& entry = out.children.emplace_back(xml::Element{std::string(ns), "entry"});
        entry.set("name", key);
        entry.set("overwrite", "true");
        entry.text = value;
    }
    return out;
}

} // namespace

std::string linphone_document(const PhoneSetup& setup) {
    xml::Element config{std::string(ns), "config"};
    config.children = {
        section("sip", {{"default_proxy", "0"}}),
        section("proxy_0", {{"reg_proxy", "<" + setup.proxy + ">"},
                            {"reg_route", "<" + setup.proxy + ">"},
                            {"reg_identity", "sip:" + setup.user + "@" + setup.domain},
                            {"reg_expires", "3600"},
                            {"reg_sendregister", "1"},
                            {"publish", "1"}}),
        section("auth_info_0", {{"username", setup.user},
                                {"realm", setup.realm},
                                {"domain", setup.domain},
                                {"algorithm", setup.algorithm},
                                {"ha1", setup.ha1}})};
    return xml::write(config);
}

} // namespace lyceum::web
