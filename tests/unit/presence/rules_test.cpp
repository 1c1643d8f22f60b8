// SPDX-License-Identifier: Apache-2.0
#include "presence/date_time.hpp"
#include "presence/rules.hpp"

#include <gtest/gtest.h>

namespace lyceum::presence {
namespace {

std::string ruleset(const std::string& rules) {
    return "<ruleset xmlns='urn:ietf:params:xml:ns:common-policy' "
           "xmlns:pr='urn:ietf:params:xml:ns:pres-rules'>" +
           rules + "</ruleset>";
}
std::string rule(const std::string& conditions, const std::string& handling,
                 const std::string& transformations = {}) {
    return "<rule id='a'><conditions>" + conditions + "</conditions><actions><pr:sub-handling>" +
           handling + "</pr:sub-handling></actions><transformations>" + transformations +
           "</transformations></rule>";
}
std::string identity(const std::string& inside) { return "<identity>" + inside + "</identity>"; }

const std::string services = "<pr:provide-services><pr:all-services/></pr:provide-services>";
const std::string persons = "<pr:provide-persons><pr:all-persons/></pr:provide-persons>";

Grant granted(const std::string& rules, const std::string& watcher = "sip:ann@school.test",
              WallTime now = {}) {
    const auto parsed = Rules::parse(ruleset(rules));
    EXPECT_TRUE(parsed) << rules;
    return parsed ? parsed->grant(watcher, now) : Grant{};
}

TEST(Rules, WhomTheyAreAbout) {
    const auto one = identity("<one id='sip:ann@school.test'/><one id='sip:joe@far.test'/>");
    const auto many =
        identity("<many domain='school.test'><except id='sip:eve@school.test'/></many>");
    const auto all = identity("<many><except domain='far.test'/></many>");
    struct Row {
        std::string conditions, watcher;
        bool allowed;
    };
    for (const auto& row : std::vector<Row>{
             {one, "sip:ann@school.test", true},
             {one, "sip:Ann@school.test;transport=tcp", true},
             {one, "sip:joe@far.test", true},
             {one, "sip:eve@school.test", false},
             {many, "sip:ann@school.test", true},
             {many, "sip:eve@school.test", false},
             {many, "sip:joe@far.test", false},
             {all, "sip:ann@school.test", true},
             {all, "sip:joe@far.test", false},
             {"", "sip:anybody@where.test", true},
             {identity(""), "sip:ann@school.test", false},
             {"<sphere value='work'/>", "sip:ann@school.test", false},
         })
        EXPECT_EQ(granted(rule(row.conditions, "allow"), row.watcher).handling == Handling::allow,
                  row.allowed)
            << row.conditions << row.watcher;
}

TEST(Rules, WhatTheyGrantIsAddedUp) {
    EXPECT_EQ(granted("").handling, Handling::block);
    EXPECT_EQ(granted(rule("", "confirm") + rule("", "block")).handling, Handling::confirm);
    EXPECT_EQ(granted(rule("", "polite-block") + rule("", "confirm")).handling,
              Handling::polite_block);
    EXPECT_EQ(granted(rule("", "allow", services) + rule("", "block",
                                                         persons + "<pr:provide-activities>true"
                                                                   "</pr:provide-activities>")),
              (Grant{Handling::allow,
                     {.services = true,
                      .devices = false,
                      .activities = true,
                      .notes = false,
                      .contact = false,
                      .others = false}}));
    const auto unknown = [](const std::string& ns) {
        return granted(rule("", "allow",
                            "<pr:provide-unknown-attribute ns='" + ns +
                                "' name='icon'>true</pr:provide-unknown-attribute>"))
            .view;
    };
    EXPECT_TRUE(unknown("urn:ietf:params:xml:ns:pidf:cipid").contact);
    EXPECT_FALSE(unknown("urn:ietf:params:xml:ns:pidf:cipid").others);
    EXPECT_EQ(unknown("urn:other"), View::blocked());
    EXPECT_EQ(granted(rule("", "polite-block", services)).view, View::blocked());
    EXPECT_EQ(granted(rule("", "allow",
                           services + persons +
                               "<pr:provide-devices><pr:all-devices/></pr:provide-devices>"
                               "<pr:provide-all-attributes/>"))
                  .view,
              View{});
    EXPECT_FALSE(granted(rule("", "allow", "<pr:provide-all-attributes/>")).view.activities)
        << "of a person who is not shown";
}

TEST(Rules, HoldForATime) {
    const auto lesson = rule("<validity><from>2026-09-01T08:00:00+02:00</from>"
                             "<until>2026-09-01T06:45:00Z</until></validity>",
                             "allow");
    const auto six = *parse_date_time("2026-09-01T06:00:00Z");
    EXPECT_EQ(granted(lesson, "sip:a@b", six - 1s).handling, Handling::block);
    EXPECT_EQ(granted(lesson, "sip:a@b", six).handling, Handling::allow);
    EXPECT_EQ(granted(lesson, "sip:a@b", six + 45min).handling, Handling::block);
    const auto parsed = Rules::parse(ruleset(lesson));
    EXPECT_EQ(parsed->changes_after(six - 1s), six);
    EXPECT_EQ(parsed->changes_after(six), six + 45min);
    EXPECT_FALSE(parsed->changes_after(six + 45min));
}

TEST(Rules, TimesAreReadWithTheirZone) {
    EXPECT_EQ(*parse_date_time("1970-01-02T00:00:01.25Z"), WallTime(24h + 1s));
    EXPECT_EQ(*parse_date_time("1970-01-01T00:00:00-01:30"), WallTime(90min));
    EXPECT_EQ(date_time_text(*parse_date_time("2026-09-01T08:00:07+02:00")),
              "2026-09-01T06:00:07Z");
    for (const auto* bad :
         {"", "1970-01-01", "1970-01-01T00:00:00", "1970-02-30T00:00:00Z", "1970-01-01T25:00:00Z",
          "1970-01-01T00:00:00+1:00", "1970-01-01T0a:00:00Z"})
        EXPECT_FALSE(parse_date_time(bad)) << bad;
}

TEST(Rules, WhatIsWrongIsRefused) {
    EXPECT_FALSE(Rules::parse("<ruleset/>"));
    EXPECT_FALSE(Rules::parse(ruleset(rule("", "maybe"))));
    EXPECT_FALSE(Rules::parse(ruleset(rule(identity("<one/>"), "allow"))));
    EXPECT_FALSE(Rules::parse(
        ruleset(rule("<validity><from>x</from><until>y</until></validity>", "allow"))));
    std::string many;
    for (int i = 0; i < 201; ++i) many += rule("", "allow");
    EXPECT_FALSE(Rules::parse(ruleset(many)));
}

} // namespace
} // namespace lyceum::presence
