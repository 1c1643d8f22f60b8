// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.hpp"
#include "mixer/prompts.hpp"
#include "server/focus/focus.hpp"
#include "tests/kit/recording_log.hpp"
#include "tests/kit/sip.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The focus with a map for a directory and a notebook for a media side.
namespace lyceum::focus {

class MapDirectory final : public Directory, public identity::Credentials {
public:
    std::optional<Room> room(std::string_view name) override {
        const auto found = rooms.find(to_lower(name));
        return found == rooms.end() ? std::nullopt : std::optional(found->second);
    }
    std::optional<sip::StoredCredentials> credentials(std::string_view user) override {
        if (user != "alice") return std::nullopt;
        return sip::StoredCredentials{
            sip::digest_ha1(sip::DigestAlgorithm::sha256, "alice", "lyceum", "secret"),
            sip::digest_ha1(sip::DigestAlgorithm::md5, "alice", "lyceum", "secret")};
    }
    bool is_administrator(std::string_view) override { return false; }
    static Room room_for(std::size_t participants) {
        Room out{"small"};
        out.policy.all.participants_max = participants;
        return out;
    }

    std::map<std::string, Room> rooms{{"demo", {"demo"}},
                                      {"small", room_for(1)},
                                      {"staff", {"staff", Access::members}},
                                      {"exam", {"exam", Access::pin, "1234"}},
                                      {"class", {.name = "class", .host_pin = "99"}},
                                      {"game", {.name = "game", .spatial = true}}};
};

class Notebook final : public MediaGateway {
public:
    void begin(ConferenceId, ConferenceSound sound) override {
        note(sound.echo ? "begin echo" : sound.spatial ? "begin spatial" : "begin");
    }
    void end(ConferenceId) override { note("end"); }
    std::optional<SocketAddress> open(ConferenceId, mixer::LegId,
                                      const MediaSource& source) override {
        if (exhausted) return std::nullopt;
        note(source.is_told_apart() ? "open shared" : "open");
        return kit::address("192.0.2.1", 20000);
    }
    void configure(ConferenceId, mixer::LegId leg, LegAccess access,
                   mixer::LegSettings settings) override {
        note("configure " + std::string(settings.sending.codec->name) +
             (settings.send ? " send" : "") + (settings.receive ? " receive" : "") +
             (settings.send_key ? " encrypted" : ""));
        last_leg = leg;
        last_access = std::move(access);
    }
    void tell(ConferenceId, MediaCommand command) override {
        if (const auto* set = std::get_if<SetPart>(&command)) parts[set->leg] = set->part;
        else if (const auto* place = std::get_if<SetPlace>(&command))
            note("place " + std::to_string(static_cast<int>(place->place.x)));
        else if (std::get_if<Play>(&command)) ++played;
    }
    void absorb(ConferenceId, ConferenceId) override { note("absorb"); }
    void close(ConferenceId, mixer::LegId) override { note("close"); }
    void note(std::string text) { notes.push_back(std::move(text)); }

    std::vector<std::string> notes;
    mixer::LegId last_leg;
    LegAccess last_access;
    std::map<mixer::LegId, mixer::Part> parts;
    int played = 0;
    bool exhausted = false;
};

class FocusTest : public testing::Test {
protected:
    /// Handles a message from a phone and everything that follows; returns the last response or
    /// request.
    std::optional<sip::Message> turn(const sip::Message& message) {
        agent.handle_message(message, {sip::Transport::udp, kit::address("192.0.2.9", 5060), {}},
                             now);
        return drain();
    }
    std::optional<sip::Message> drain() {
        std::optional<sip::Message> out;
        while (auto output = agent.poll()) {
            if (auto* transmit = std::get_if<sip::Transmit>(&*output))
                sent_.push_back(*(out = kit::parse(transmit->bytes)));
            else if (auto* call = std::get_if<sip::IncomingCall>(&*output))
                focus.handle_call(std::move(*call), now);
            else if (auto* event = std::get_if<sip::SessionEvent>(&*output))
                focus.handle_session(*event, now);
            else if (auto* refer = std::get_if<sip::ReferReceived>(&*output))
                focus.handle_refer(*refer, now);
        }
        return out;
    }
    sip::Message invite(std::string_view room, int caller = 1, std::string_view more = {},
                        std::string body = kit::phone_sdp()) {
        auto text =
            kit::request("INVITE", "z9hG4bK" + std::to_string(++branch), more, body).bytes();
        const auto replace = [&](std::string_view from, const std::string& to) {
            text.replace(text.find(from), from.size(), to);
        };
        replace("sip:demo@", "sip:" + std::string(room) + "@");
        replace("Call-ID: c1", "Call-ID: c" + std::to_string(caller));
        return kit::parse(text);
    }
    /// Alice's answer to a challenge of an INVITE to this room.
    static std::string authorization(const sip::Message& challenge, const std::string& room,
                                     const char* password) {
        const auto fields =
            sip::DigestFields::parse(*challenge.header(sip::Header::www_authenticate));
        const auto uri = "sip:" + room + "@192.0.2.1";
        const auto ha1 = sip::digest_ha1(sip::DigestAlgorithm::sha256, "alice", "lyceum", password);
        return "Authorization: Digest username=\"alice\", realm=\"lyceum\", algorithm=SHA-256, "
               "qop=auth, nc=00000001, cnonce=\"c\", uri=\"" +
               uri + "\", nonce=\"" + std::string(fields->nonce) + "\", response=\"" +
               sip::digest_response(sip::DigestAlgorithm::sha256, ha1, fields->nonce, "00000001",
                                    "c", "INVITE", uri) +
               "\"\n";
    }
    sip::Message in_dialog(std::string_view method, int cseq, const sip::Message& ok,
                           int caller = 1, std::string_view body = {}) {
        std::string text(method);
        text.append(" sip:demo@192.0.2.1 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK")
            .append(std::to_string(++branch));
        text.append("\nMax-Forwards: 70\nFrom: <sip:alice@192.0.2.9>;tag=a1\nTo: ")
            .append(*ok.header(sip::Header::to));
        text.append("\nCall-ID: c")
            .append(std::to_string(caller))
            .append("\nCSeq: ")
            .append(std::to_string(cseq))
            .append(" ")
            .append(method);
        text.append("\nContact: <sip:alice@192.0.2.9:5060>\n");
        if (!body.empty()) text.append("Content-Type: application/sdp\n");
        return kit::message(text, body);
    }

    Random random{1};
    SeededEntropy entropy{1};
    kit::FixedAddresses local;
    kit::RecordingLog log;
    MapDirectory directory;
    Notebook media;
    sip::UserAgent agent{{.contact_params = ";isfocus"}, random, entropy, local, log};
    protection::Guard guard{{}, log};
    identity::Identity identity{{.realm = "lyceum"}, directory, guard, entropy, log};
    records::CallRecords records{{}};
    static std::shared_ptr<const Bytes> gong(std::string_view name) {
        const auto file = mixer::prompt("en", "alone");
        return name == "gong" ? std::make_shared<const Bytes>(file.begin(), file.end()) : nullptr;
    }
    std::map<std::string, std::string, std::less<>> member_by_uri; ///< As the router knows them.
    Focus focus{{.dtls_fingerprint = "sha-256 00",
                 .member_named =
                     [this](std::string_view uri) {
                         const auto found = member_by_uri.find(uri);
                         return found == member_by_uri.end() ? std::string() : found->second;
                     },
                 .sound_named = gong},
                agent,
                directory,
                identity,
                media,
                records,
                random,
                entropy,
                log};
    /// Everything that is sent from now on, a line each: the status, or the method.
    std::vector<std::string> sent() {
        std::vector<std::string> out;
        for (const auto& each : take_sent())
            out.push_back(each.is_request() ? std::string(each.method_name())
                                            : std::to_string(each.status()));
        return out;
    }
    std::vector<sip::Message> take_sent() { return std::exchange(sent_, {}); }

    TimePoint now{};
    int branch = 0;
    std::vector<sip::Message> sent_;
    using Notes = std::vector<std::string>;
};

} // namespace lyceum::focus
