// SPDX-License-Identifier: Apache-2.0
#include "presence/xml.hpp"

#include <gtest/gtest.h>

namespace lyceum::presence::xml {
namespace {

TEST(Xml, ATreeOfNamesWithTheirNamespaces) {
    const auto root =
        parse("<?xml version=\"1.0\"?><!-- no --><a xmlns='u:a' xmlns:p='u:b' x='1' p:y='&lt;2'>"
              "one<p:b/>two<c xmlns='u:c'><![CDATA[<d>]]></c></a>");
    ASSERT_TRUE(root);
    EXPECT_TRUE(root->is("u:a", "a"));
    EXPECT_EQ(root->attribute("x"), "1");
    EXPECT_FALSE(root->attribute("y")); // That is another's.
    EXPECT_EQ(root->attributes.at(1), (Attribute{"u:b", "y", "<2"}));
    EXPECT_EQ(root->text, "one");
    ASSERT_TRUE(root->child("u:b", "b"));
    EXPECT_EQ(root->child("u:b", "b")->tail, "two");
    EXPECT_EQ(root->child("u:c", "c")->text, "<d>");
}

TEST(Xml, WhatIsWrittenReadsAsTheSame) {
    for (const auto* text : {
             "<a/>",
             "<a xmlns='u:a'><b xmlns=''><c xmlns='u:a'/></b></a>",
             "<a xmlns='u:a' xmlns:p='u:b'><p:b p:q='&#10;&quot;'>x &amp; y<p:c/> z</p:b></a>",
             "<p:a xmlns:p='u:a' xml:lang='de'><b/></p:a>",
             "<a xmlns='u:a'><b xmlns='u:a' xmlns:q='u:a' q:r='s'/></a>",
         }) {
        const auto root = parse(text);
        ASSERT_TRUE(root) << text;
        const auto again = parse(write(*root));
        ASSERT_TRUE(again) << write(*root);
        EXPECT_EQ(*root, *again) << write(*root);
    }
}

TEST(Xml, KnownNamespacesHaveTheirUsualPrefix) {
    const auto root = parse("<presence xmlns='urn:ietf:params:xml:ns:pidf'>"
                            "<x:away xmlns:x='urn:ietf:params:xml:ns:pidf:rpid'/></presence>");
    ASSERT_TRUE(root);
    EXPECT_NE(write(*root).find("<rpid:away/>"), std::string::npos) << write(*root);
}

TEST(Xml, WhatIsBrokenOrHostileIsRefusedWithAReason) {
    std::string deep, many = "<a>";
    for (int i = 0; i < 40; ++i) deep += "<a>";
    for (int i = 0; i < 10'001; ++i) many += "<a/>";
    struct Row {
        std::string text, why;
    };
    for (const auto& row : std::vector<Row>{
             {"", "content"},
             {"<a>", "end"},
             {"<a></b>", "mismatch"},
             {"<a b='1' b='2'/>", "redefined"},
             {"<p:a/>", "Namespace prefix p on a is not defined"},
             {"<a>&b;</a>", "not defined"},
             {"<a>\x01</a>", "invalid"},
             {"<a>\xff</a>", "proper UTF-8"},
             {"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "document type"},
             {"<!DOCTYPE a [<!ENTITY x 'ha'><!ENTITY y '&x;&x;&x;&x;'>]><a>&y;</a>",
              "document type"},
             {deep, "deep"},
             {many, "many"},
             {"<a>" + std::string(document_bytes_max, ' ') + "</a>", "large"},
         }) {
        const auto root = parse(row.text);
        ASSERT_FALSE(root) << row.text.substr(0, 80);
        EXPECT_NE(root.error().what.find(row.why), std::string::npos)
            << row.text.substr(0, 80) << ": " << root.error().what;
    }
}

} // namespace
} // namespace lyceum::presence::xml
