// SPDX-License-Identifier: Apache-2.0
/// The registrar with a disk that the test turns, and phones that know their passwords.
#include "server/registrar/registrar.hpp"
#include "tests/kit/recording_log.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lyceum::registrar {
namespace {

class Members final : public identity::Credentials {
public:
    std::optional<sip::StoredCredentials> credentials(std::string_view user) override {
        if (user != "alice" && user != "bob" && user != "root") return std::nullopt;
        return sip::StoredCredentials{
            sip::digest_ha1(sip::DigestAlgorithm::sha256, user, "lyceum", "secret"),
            sip::digest_ha1(sip::DigestAlgorithm::md5, user, "lyceum", "secret")};
    }
    bool is_administrator(std::string_view user) override { return user == "root"; }
};

class RegistrarTest : public testing::Test {
protected:
    struct Ask {
        std::string contacts; ///< Header lines.
        std::string more;
        std::string user = "alice", to = "alice", uri = "sip:school.test", password = "secret";
        std::string call_id = "phone-1";
        int cseq = 0; ///< 0: one more than the last.
    };

    sip::Message request(const Ask& ask, std::string_view authorization) {
        const auto number = std::to_string(ask.cseq > 0 ? ask.cseq : ++cseq);
        std::string text = "REGISTER " + ask.uri + " SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9";
        text.append(";branch=z9hG4bK" + std::to_string(++branch) + "\nMax-Forwards: 70\n");
        text.append("From: <sip:" + ask.to + "@school.test>;tag=1\n");
        text.append("To: <sip:" + ask.to + "@school.test>\n");
        text.append("Call-ID: " + ask.call_id + "\nCSeq: " + number + " REGISTER\n");
        text.append(ask.contacts).append(ask.more).append(authorization);
        return kit::message(text);
    }

    /// Asks, answers the challenge, and lets the disk turn.
    sip::Message turn(const Ask& ask) {
        const auto challenge = hand_in(request(ask, ""));
        if (challenge.status() != 401) return challenge;
        const auto fields =
            sip::DigestFields::parse(*challenge.header(sip::Header::www_authenticate));
        const auto algorithm = sip::DigestAlgorithm::sha256;
        const auto ha1 = sip::digest_ha1(algorithm, ask.user, "lyceum", ask.password);
        const auto response = sip::digest_response(algorithm, ha1, fields->nonce, "00000001", "c",
                                                   "REGISTER", ask.uri);
        std::string header = "Authorization: Digest username=\"" + ask.user + "\"";
        header.append(", realm=\"lyceum\", uri=\"" + ask.uri + "\"");
        header.append(", nonce=\"").append(fields->nonce);
        header.append("\", nc=00000001, cnonce=\"c\", qop=auth, algorithm=SHA-256");
        header.append(", response=\"").append(response).append("\"\n");
        return hand_in(request(ask, header));
    }
    sip::Message hand_in(sip::Message message) {
        registrar.handle_request({sip::TransactionId{++transaction},
                                  std::move(message),
                                  {sip::Transport::udp, kit::address("192.0.2.9", 5060), {}}},
                                 now);
        return drain();
    }
    sip::Message drain() {
        std::optional<sip::Message> answer;
        while (auto output = registrar.poll()) {
            if (auto* said = std::get_if<Registrar::Answer>(&*output)) {
                EXPECT_EQ(said->transaction.value, transaction);
                answer = std::move(said->response);
                continue;
            }
            const auto& save = std::get<Registrar::Save>(*output);
            if (disk_works) disk[save.registration.user] = save.registration.bindings;
            registrar.handle_saved(save.id, disk_works);
        }
        return answer ? std::move(*answer) : kit::request("NONE");
    }
    int status(const Ask& ask) { return turn(ask).status(); }
    std::vector<std::string> contacts_of(const std::string& user = "alice") const {
        std::vector<std::string> out;
        for (const auto& each : registrar.bindings(user)) out.push_back(each.contact);
        return out;
    }

    using Texts = std::vector<std::string>;
    Members members;
    SeededEntropy entropy{1};
    kit::RecordingLog log;
    protection::Guard guard{{}, log};
    identity::Identity identity{{.realm = "lyceum"}, members, guard, entropy, log};
    kit::FixedAddresses local;
    const WallTime start{1'700'000'000s};
    Registrar registrar{{.domains = {"192.0.2.1", "school.test"}, .wall_at_zero = start},
                        identity,
                        local,
                        entropy,
                        log};
    std::map<std::string, std::vector<Binding>> disk;
    bool disk_works = true;
    TimePoint now{};
    std::uint64_t transaction = 0;
    int branch = 0, cseq = 0;
};

TEST_F(RegistrarTest, ADeviceIsBoundRefreshedFetchedAndRemoved) {
    const auto ok = turn({"Contact: <sip:alice@192.0.2.9:5060>;expires=600\n"});
    ASSERT_EQ(ok.status(), 200);
    EXPECT_EQ(ok.header(sip::Header::contact), "<sip:alice@192.0.2.9:5060>;expires=600");
    EXPECT_EQ(disk["alice"].at(0).expires, start + 600s);
    now += 100s;
    EXPECT_EQ(turn({}).header(sip::Header::contact), "<sip:alice@192.0.2.9:5060>;expires=500");
    EXPECT_EQ(status({"Contact: <sip:alice@192.0.2.9:5060>\n", "Expires: 1000\n"}), 200);
    EXPECT_EQ(registrar.bindings("alice").at(0).expires, start + 1100s);
    const auto gone = turn({"Contact: <sip:alice@192.0.2.9:5060>;expires=0\n"});
    EXPECT_EQ(gone.status(), 200);
    EXPECT_FALSE(gone.has(sip::Header::contact));
    EXPECT_TRUE(disk["alice"].empty());
    EXPECT_EQ(registrar.size(), 0u);
    EXPECT_EQ(registrar.deadline(), std::nullopt);
}

TEST_F(RegistrarTest, SeveralDevicesAreOrderedByQ) {
    EXPECT_EQ(status({"Contact: <sip:a@h1>;q=0.5, <sip:a@h2>\nContact: <sip:a@h3>;q=0.75\n"}), 200);
    EXPECT_EQ(contacts_of(), (Texts{"sip:a@h2", "sip:a@h3", "sip:a@h1"}));
    const auto all = turn({});
    EXPECT_EQ(all.values(sip::Header::contact).back(), "<sip:a@h1>;expires=3600;q=0.500");
}

TEST_F(RegistrarTest, ADeviceMayHaveSeveralFlowsAndAnAddressOfItsOwn) {
    const std::string device = "+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\"";
    const auto contact = [&](int flow) {
        return "Contact: <sip:a@h>;" + device + ";reg-id=" + std::to_string(flow) + "\n";
    };
    const auto first = turn({contact(1), "Supported: outbound, gruu\n"});
    ASSERT_EQ(first.status(), 200);
    EXPECT_EQ(first.header(sip::Header::require), "outbound");
    EXPECT_EQ(first.header("Flow-Timer"), "120");
    EXPECT_EQ(first.header(sip::Header::contact),
              "<sip:a@h>;expires=3600;" + device +
                  ";pub-gruu=\"sip:alice@192.0.2.1;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
                  "\";reg-id=1");
    EXPECT_EQ(status({contact(2), "Supported: outbound\n"}), 200);
    EXPECT_EQ(registrar.bindings("alice").size(), 2u) << "two flows of one device";
    EXPECT_EQ(status({contact(2), "Supported: outbound\n"}), 200);
    EXPECT_EQ(registrar.bindings("alice").size(), 2u) << "the second, anew";
    EXPECT_EQ(disk["alice"].at(1).reg_id, 2u);
    EXPECT_EQ(status({contact(3), "Supported: outbound\nPath: <sip:p;lr>\n"}), 200);
    EXPECT_EQ(registrar.bindings("alice").back().reg_id, 0u) << "somebody is between us";
    EXPECT_EQ(status({"Contact: <sip:a@h>;" + device + ";reg-id=x\n", "Supported: outbound\n"}),
              400);
    const auto odd = turn({"Contact: <sip:a@h7>;+sip.instance=\"<a b>\"\n", "Supported: gruu\n"});
    EXPECT_EQ(odd.bytes().find("gr=a"), std::string::npos) << "that could not be dialled";
}

TEST_F(RegistrarTest, ATemporaryAddressSaysNothingOfWhoseItIs) {
    const TemporaryGruus gruus(sip::KeyedHash("key"));
    const auto one = gruus.make("alice", "urn:uuid:1", "call-1", entropy);
    const auto other = gruus.make("alice", "urn:uuid:1", "call-1", entropy);
    EXPECT_NE(one, other);
    EXPECT_EQ(one.find("alice"), std::string::npos);
    EXPECT_TRUE(one.starts_with("tgruu."));
    const auto meant = gruus.open(one);
    ASSERT_TRUE(meant);
    EXPECT_EQ(*meant, (TemporaryGruus::Meaning{"alice", "urn:uuid:1", gruus.mark_of("call-1")}));
    EXPECT_EQ(gruus.open(other), meant);
    for (std::size_t i = TemporaryGruus::prefix.size(); i < one.size(); ++i) {
        auto changed = one;
        changed[i] = changed[i] == '0' ? '1' : '0';
        EXPECT_FALSE(gruus.open(changed)) << i;
    }
    for (const auto* bad : {"", "tgruu.", "tgruu.00", "tgruu.xyz", "alice"})
        EXPECT_FALSE(gruus.open(bad)) << bad;
    EXPECT_FALSE(TemporaryGruus(sip::KeyedHash("another")).open(one));
}

TEST_F(RegistrarTest, WhatADeviceCanDoIsKept) {
    ASSERT_EQ(status({"Contact: <sip:a@h>;q=0.5;audio;methods=\"INVITE,BYE\";expires=600;video\n"}),
              200);
    const auto& binding = registrar.bindings("alice").at(0);
    EXPECT_EQ(binding.features, ";audio;methods=\"INVITE,BYE\";video");
    EXPECT_EQ(to_string(binding.source), "UDP 192.0.2.9:5060");
}

TEST_F(RegistrarTest, WhatIsWrongIsRefusedAndChangesNothing) {
    ASSERT_EQ(status({"Contact: <sip:a@h0>\n"}), 200);
    const auto before = registrar.bindings("alice");
    struct Row {
        const char* what;
        Ask ask;
        int status;
    };
    std::string many;
    for (int i = 0; i < 10; ++i) many += "Contact: <sip:a@h" + std::to_string(i + 1) + ">\n";
    const std::string contact = "Contact: <sip:a@h1>\n";
    for (const auto& row :
         {Row{"another domain", {.contacts = contact, .uri = "sip:elsewhere.test"}, 403},
          Row{"another member", {.contacts = contact, .to = "bob"}, 403},
          Row{"a wrong password", {.contacts = contact, .password = "guess"}, 401},
          Row{"a stranger", {.contacts = contact, .user = "mallory", .to = "mallory"}, 401},
          Row{"too short", {.contacts = "Contact: <sip:a@h1>;expires=5\n"}, 423},
          Row{"too short beside a good one",
              {.contacts = contact + "Contact: <sip:a@h2>;expires=5\n"},
              423},
          Row{"too many", {.contacts = many}, 403},
          Row{"far too many", {.contacts = many + many + many}, 403},
          Row{"a star with a friend",
              {.contacts = "Contact: *\n" + contact, .more = "Expires: 0\n"},
              400},
          Row{"a star that stays", {.contacts = "Contact: *\n", .more = "Expires: 60\n"}, 400},
          Row{"a star without expires", {.contacts = "Contact: *\n"}, 400},
          Row{"a mail address", {.contacts = "Contact: <mailto:a@h1>\n"}, 400},
          Row{"no URI", {.contacts = "Contact: <sip:>\n"}, 400},
          Row{"q of 2", {.contacts = "Contact: <sip:a@h1>;q=2\n"}, 400},
          Row{"q of 1.001", {.contacts = "Contact: <sip:a@h1>;q=1.001\n"}, 400},
          Row{"a long URI", {.contacts = "Contact: <sip:" + std::string(600, 'a') + "@h1>\n"}, 400},
          Row{"an unknown extension", {.contacts = contact, .more = "Require: levitation\n"}, 420},
          Row{"an old number", {.contacts = "Contact: <sip:a@h0>\n", .cseq = 1}, 500},
          Row{"a star with an old number",
              {.contacts = "Contact: *\n", .more = "Expires: 0\n", .cseq = 1},
              500}}) {
        EXPECT_EQ(status(row.ask), row.status) << row.what;
        EXPECT_EQ(registrar.bindings("alice"), before) << row.what;
        EXPECT_TRUE(registrar.bindings("bob").empty()) << row.what;
    }
    EXPECT_EQ(turn({"Contact: <sip:a@h1>;expires=5\n"}).header(sip::Header::min_expires), "60");
    EXPECT_FALSE(log.has("alice")) << "nobody is named in the log";
}

TEST_F(RegistrarTest, ExpiresIsWhatTheContactSaysThenTheHeaderThenOurs) {
    struct Row {
        const char* contact;
        const char* more;
        int seconds;
    };
    for (const auto& row :
         {Row{"Contact: <sip:a@h>;expires=100\n", "Expires: 200\n", 100},
          Row{"Contact: <sip:a@h>\n", "Expires: 200\n", 200}, Row{"Contact: <sip:a@h>\n", "", 3600},
          Row{"Contact: <sip:a@h>;expires=soon\n", "", 3600},
          Row{"Contact: <sip:a@h>;expires=99999999\n", "", 7200},
          Row{"Contact: <sip:a@h>;expires=99999999999999\n", "", 3600}}) {
        EXPECT_EQ(status({row.contact, row.more}), 200);
        const auto expires = registrar.bindings("alice").at(0).expires;
        EXPECT_EQ(expires, start + std::chrono::seconds(row.seconds)) << row.contact;
    }
}

TEST_F(RegistrarTest, TheSameUriOrTheSameInstanceIsTheSameDevice) {
    ASSERT_EQ(status({"Contact: <sip:a@H1:5060;transport=tcp>\n"}), 200);
    ASSERT_EQ(status({"Contact: <sip:a@h1:5060;transport=TCP>\n"}), 200);
    EXPECT_EQ(registrar.bindings("alice").size(), 1u);
    const std::string instance = ";+sip.instance=\"<urn:uuid:1>\"\n";
    ASSERT_EQ(status({"Contact: <sip:a@h2>" + instance}), 200);
    const auto moved = "Contact: <sip:a@h3>" + instance;
    ASSERT_EQ(status({.contacts = moved, .call_id = "after-a-restart"}), 200);
    EXPECT_EQ(contacts_of(), (Texts{"sip:a@h1:5060;transport=TCP", "sip:a@h3"}));
}

/// A phone that has started anew counts from 1 under another Call-ID (§10.2).
TEST_F(RegistrarTest, AnotherCallIdCountsAnew) {
    ASSERT_EQ(status({.contacts = "Contact: <sip:a@h1>\n", .cseq = 500}), 200);
    EXPECT_EQ(status({.contacts = "Contact: <sip:a@h1>\n", .cseq = 500}), 500);
    EXPECT_EQ(status({.contacts = "Contact: <sip:a@h1>\n", .call_id = "new", .cseq = 1}), 200);
}

TEST_F(RegistrarTest, AStarRemovesEverything) {
    ASSERT_EQ(status({"Contact: <sip:a@h1>, <sip:a@h2>\n"}), 200);
    ASSERT_EQ(status({"Contact: *\n", "Expires: 0\n"}), 200);
    EXPECT_TRUE(registrar.bindings("alice").empty());
    EXPECT_TRUE(disk.at("alice").empty());
}

TEST_F(RegistrarTest, PathIsKeptAndEchoed) {
    const std::string paths = "Path: <sip:p1.test;lr>\nPath: <sip:p2.test;lr>\n";
    const auto ok = turn({"Contact: <sip:a@h1>\n", paths + "Supported: path\nRequire: path\n"});
    EXPECT_EQ(ok.status(), 200);
    EXPECT_EQ(ok.header("Path"), "<sip:p1.test;lr>");
    EXPECT_EQ(registrar.bindings("alice").at(0).path, "<sip:p1.test;lr>, <sip:p2.test;lr>");
}

TEST_F(RegistrarTest, WhatExpiresIsForgottenHereAndOnDisk) {
    ASSERT_EQ(status({"Contact: <sip:a@h1>;expires=60, <sip:a@h2>;expires=120\n"}), 200);
    EXPECT_EQ(registrar.deadline(), TimePoint(60s));
    now = TimePoint(60s);
    registrar.handle_timeout(now);
    drain();
    EXPECT_EQ(contacts_of(), (Texts{"sip:a@h2"}));
    EXPECT_EQ(disk["alice"].size(), 1u);
    now = TimePoint(120s);
    registrar.handle_timeout(now);
    drain();
    EXPECT_TRUE(contacts_of().empty());
    EXPECT_TRUE(disk["alice"].empty());
    EXPECT_EQ(registrar.deadline(), std::nullopt);
}

TEST_F(RegistrarTest, AfterARestartEverythingIsThereAgain) {
    ASSERT_EQ(status({"Contact: <sip:a@h1>;expires=100, <sip:a@h2>;expires=1000\n"}), 200);
    Registrar again({.domains = {"school.test"}, .wall_at_zero = start + 500s}, identity, local,
                    entropy, log);
    again.restore({{"alice", disk["alice"]}}, TimePoint{});
    ASSERT_EQ(again.bindings("alice").size(), 1u) << "the other has expired meanwhile";
    EXPECT_EQ(again.bindings("alice").at(0).contact, "sip:a@h2");
    EXPECT_EQ(again.deadline(), TimePoint(500s));
}

/// What got a 200 is on disk: no 200 before, and none if the disk is full.
TEST_F(RegistrarTest, NoAnswerBeforeItIsOnDisk) {
    disk_works = false;
    const auto failed = turn({"Contact: <sip:a@h1>\n"});
    EXPECT_EQ(failed.status(), 500);
    EXPECT_TRUE(failed.has(sip::Header::retry_after));
    EXPECT_FALSE(failed.has(sip::Header::contact));
    disk_works = true;
    EXPECT_EQ(status({"Contact: <sip:a@h1>\n"}), 200);
    EXPECT_EQ(disk["alice"].size(), 1u);
}

TEST_F(RegistrarTest, ADiskThatIsTooSlowIsABusyServer) {
    Registrar slow({.domains = {"school.test"}, .wall_at_zero = start, .waiting_max = 0}, identity,
                   local, entropy, log);
    slow.handle_request({sip::TransactionId{1}, request({"Contact: <sip:a@h1>\n"}, ""), {}}, now);
    const auto answer = slow.poll();
    EXPECT_EQ(std::get<Registrar::Answer>(*answer).response.status(), 503);
}

TEST_F(RegistrarTest, AnAdministratorRegistersAnybodyWhoIsThere) {
    const std::string contact = "Contact: <sip:gate@192.0.2.30>\n";
    EXPECT_EQ(turn({.contacts = contact, .user = "root", .to = "bob"}).status(), 200);
    EXPECT_EQ(contacts_of("bob"), Texts{"sip:gate@192.0.2.30"});
    EXPECT_TRUE(contacts_of("root").empty());
    EXPECT_TRUE(log.has("registrar.for-another"));
    EXPECT_EQ(turn({.contacts = contact, .user = "root", .to = "nobody"}).status(), 404);
    EXPECT_EQ(turn({.contacts = contact, .user = "alice", .to = "bob"}).status(), 403);
}

TEST_F(RegistrarTest, WhoComesByAProxyIsToldToGoOnDoingSo) {
    const std::string contact = "Contact: <sip:alice@192.0.2.9>\n";
    EXPECT_FALSE(turn({.contacts = contact}).header("Service-Route"));
    const auto ok =
        turn({.contacts = contact, .more = "Path: <sip:edge.school.test;lr>\nSupported: path\n"});
    EXPECT_EQ(ok.header("Service-Route"), "<sip:192.0.2.1:5060;lr>");
}

} // namespace
} // namespace lyceum::registrar
