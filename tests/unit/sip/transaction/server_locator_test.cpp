// SPDX-License-Identifier: Apache-2.0
#include "sip/transaction/server_locator.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lyceum::sip {
namespace {

using Type = ServerLocator::Query::Type;
using Zone = std::map<std::pair<Type, std::string>, DnsAnswer>;

std::vector<std::string> locate(std::string_view uri, const Zone& zone, std::uint64_t seed = 1) {
    Random random(seed);
    ServerLocator locator(*Uri::parse(uri), random);
    for (int asked = 0; asked < 50; ++asked) {
        const auto query = locator.query();
        if (!query) break;
        const auto found = zone.find({query->type, query->name});
        locator.handle_answer(found == zone.end() ? DnsAnswer{} : found->second);
    }
    std::vector<std::string> out;
    for (const auto& target : locator.answer())
        out.push_back(std::string(name_of(target.transport)) + " " + target.address.to_string());
    return out;
}

DnsAnswer a(const char* ip) { return {{}, {}, {*IpAddress::parse(ip)}}; }
using Targets = std::vector<std::string>;

/// RFC 3263 §4, step by step.
TEST(ServerLocator, FollowsTheRfc) {
    const Zone zone{
        {{Type::naptr, "example.org"},
         {{{20, 10, "s", "SIP+D2U", "_sip._udp.example.org"},
           {10, 50, "s", "SIPS+D2T", "_sips._tcp.example.org"},
           {5, 1, "s", "SMTP", "mail.example.org"}},
          {},
          {}}},
        {{Type::srv, "_sips._tcp.example.org"}, {{}, {{1, 1, 5061, "tls.example.org"}}, {}}},
        {{Type::srv, "_sip._udp.example.org"},
         {{}, {{2, 0, 5070, "b.example.org"}, {1, 0, 5060, "a.example.org"}}, {}}},
        {{Type::address, "tls.example.org"}, a("192.0.2.3")},
        {{Type::address, "a.example.org"}, a("192.0.2.1")},
        {{Type::address, "b.example.org"}, a("192.0.2.2")},
        {{Type::address, "plain.org"}, a("192.0.2.9")},
        {{Type::srv, "_sip._tcp.gone.org"}, {{}, {{0, 0, 0, "."}}, {}}},
        {{Type::address, "gone.org"}, a("192.0.2.8")},
    };
    EXPECT_EQ(locate("sip:x@192.0.2.5", zone), (Targets{"UDP 192.0.2.5:5060"}));
    EXPECT_EQ(locate("sips:x@192.0.2.5", zone), (Targets{"TLS 192.0.2.5:5061"}));
    EXPECT_EQ(locate("sip:x@[2001:db8::1]:5062;transport=tcp", zone),
              (Targets{"TCP [2001:db8::1]:5062"}));
    EXPECT_EQ(locate("sip:x@other;maddr=192.0.2.7", zone), (Targets{"UDP 192.0.2.7:5060"}));
    EXPECT_EQ(locate("sip:x@example.org", zone),
              (Targets{"TLS 192.0.2.3:5061", "UDP 192.0.2.1:5060", "UDP 192.0.2.2:5070"}));
    EXPECT_EQ(locate("sips:x@example.org", zone), (Targets{"TLS 192.0.2.3:5061"}));
    EXPECT_EQ(locate("sip:x@example.org;transport=udp", zone),
              (Targets{"UDP 192.0.2.1:5060", "UDP 192.0.2.2:5070"}));
    EXPECT_EQ(locate("sip:x@plain.org", zone), (Targets{"UDP 192.0.2.9:5060"}));
    EXPECT_EQ(locate("sip:x@plain.org:5090", zone), (Targets{"UDP 192.0.2.9:5090"}));
    EXPECT_EQ(locate("sip:x@gone.org;transport=tcp", zone), Targets{}) << "'.' means decidedly not";
    EXPECT_EQ(locate("sip:x@nowhere.org", zone), Targets{});
    EXPECT_EQ(locate("sip:x@example.org;transport=sctp", zone), Targets{});
}

/// RFC 2782: a server of weight 3 comes before one of weight 1 three times out of four.
TEST(ServerLocator, WeightsShareTheLoad) {
    const Zone zone{
        {{Type::srv, "_sip._udp.example.org"},
         {{}, {{1, 10, 1, "x.org"}, {1, 30, 2, "y.org"}}, {}}},
        {{Type::address, "x.org"}, a("192.0.2.1")},
        {{Type::address, "y.org"}, a("192.0.2.2")},
    };
    int y_first = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed)
        y_first += locate("sip:x@example.org;transport=udp", zone, seed).at(0) == "UDP 192.0.2.2:2";
    EXPECT_NEAR(y_first, 750, 60);
}

} // namespace
} // namespace lyceum::sip
