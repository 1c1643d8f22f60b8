// SPDX-License-Identifier: Apache-2.0
#include "server/routing/enum_lookup.hpp"

#include <gtest/gtest.h>

namespace lyceum::routing {
namespace {

using Uris = std::vector<std::string>;

TEST(Enum, ANameIsTheNumberBackwards) {
    EXPECT_EQ(enum_name("+4930123", "e164.arpa"), "3.2.1.0.3.9.4.e164.arpa");
}

TEST(Enum, RegexpsRewriteTheNumber) {
    struct Row {
        const char* regexp;
        const char* uri; ///< Null: none.
    };
    for (const auto& row :
         {Row{"!^.*$!sip:info@example.com!", "sip:info@example.com"},
          Row{R"(!^\+49(.*)$!sip:\1@example.com!)", "sip:30123@example.com"},
          Row{R"(!^\+(49)(30)(.*)$!sip:\3-\1@\2.example.com!)", "sip:123-49@30.example.com"},
          Row{R"(/^.*$/sip:a@b/i)", "sip:a@b"}, Row{R"(!^.*$!sip:\0@b!)", "sip:+4930123@b"},
          Row{R"(!^.*$!sip:a\\b@c!)", R"(sip:a\b@c)"}, Row{R"(!^.*$!sip:\9@b!)", "sip:@b"},
          Row{R"(!^\+46!sip:a@b!)", nullptr}, Row{"", nullptr}, Row{"!!sip:a@b!", nullptr},
          Row{"!(!sip:a@b!", nullptr}, Row{"!((x{1,255}){1,255}){1,255}!sip:a@b!", nullptr},
          Row{"1^.*$1sip:a@b1", nullptr}, Row{"!((((.+)+)+)+)+(.*****)*!sip:a@b!", "sip:a@b"},
          Row{R"(!^(.)\1*$!sip:a@b!)", nullptr},
          Row{R"(!^\+49([0-9]+)$!sip:\1@b!)", "sip:30123@b"}}) {
        const auto uri = rewritten_by(row.regexp, "+4930123");
        const auto expected = row.uri ? std::optional<std::string>(row.uri) : std::nullopt;
        EXPECT_EQ(uri, expected) << row.regexp;
    }
    EXPECT_FALSE(rewritten_by("!" + std::string(300, '.') + "!sip:a@b!", "+49"));
    // Costly for engines that go back: it ends, and soon.
    EXPECT_FALSE(rewritten_by("!^(((((.*)*)*)*)*)x$!sip:a@b!", "+493012345678901"));
}

sip::NaptrRecord sip_record(std::uint16_t order, std::uint16_t preference, const std::string& to,
                            const std::string& service = "E2U+sip") {
    return {order, preference, "u", service, "", "!^.*$!" + to + "!"};
}

TEST(Enum, TheLowestOrderWithSipCountsByPreference) {
    EnumLookup lookup("+49", {"e164.arpa", "second.test"});
    EXPECT_EQ(lookup.query()->name, "9.4.e164.arpa");
    lookup.handle_answer(
        {{sip_record(20, 1, "sip:late@x"), sip_record(10, 20, "sip:b@x"),
          sip_record(10, 10, "sips:a@x"), sip_record(5, 1, "mailto:m@x", "E2U+email"),
          sip_record(6, 1, "http://x"), sip_record(10, 30, "sip:c@x", "e2u+web:http+SIP")},
         {},
         {}});
    EXPECT_FALSE(lookup.query());
    EXPECT_EQ(lookup.answer(), (Uris{"sips:a@x", "sip:b@x", "sip:c@x"}));
}

TEST(Enum, SuffixesAreAskedInTurn) {
    EnumLookup lookup("+49", {"e164.arpa", "second.test"});
    lookup.handle_answer({});
    EXPECT_EQ(lookup.query()->name, "9.4.second.test");
    lookup.handle_answer({{sip_record(1, 1, "sip:a@x")}, {}, {}});
    EXPECT_EQ(lookup.answer(), Uris{"sip:a@x"});
    lookup.handle_answer({}); // One too many.
}

TEST(Enum, AFailureIsNoEntry) {
    EnumLookup lookup("+49", {"e164.arpa"});
    lookup.handle_answer({{sip_record(1, 1, "not a uri"),
                           sip_record(1, 1, "sip:a@x?Replaces=b"),
                           {1, 1, "u", "sip+E2U", "", "!^.*$!sip:a@x!"},
                           {1, 1, "s", "E2U+sip", "", "!^.*$!sip:a@x!"}},
                          {},
                          {}});
    EXPECT_FALSE(lookup.query());
    EXPECT_TRUE(lookup.answer().empty());
    EXPECT_FALSE(EnumLookup("+49", {}).query());
}

TEST(Enum, ARecordMayNameAnotherPlaceButNotForEver) {
    EnumLookup lookup("+49", {"e164.arpa", "second.test"});
    lookup.handle_answer({{{1, 1, "", "", "isp.test", ""}}, {}, {}});
    EXPECT_EQ(lookup.query()->name, "isp.test");
    for (int i = 0; i < 5; ++i) lookup.handle_answer({{{1, 1, "", "", "isp.test", ""}}, {}, {}});
    EXPECT_EQ(lookup.query()->name, "9.4.second.test");
}

} // namespace
} // namespace lyceum::routing
