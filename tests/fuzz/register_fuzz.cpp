// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "server/registrar/registrar.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/sip.hpp"

#include <optional>

namespace lyceum::fuzz {
namespace {

class Alice final : public identity::Credentials {
public:
    static constexpr auto algorithm = sip::DigestAlgorithm::md5;
    static std::string ha1() { return sip::digest_ha1(algorithm, "alice", "r", "secret"); }
    std::optional<sip::StoredCredentials> credentials(std::string_view) override {
        return sip::StoredCredentials{"", ha1()};
    }
    bool is_administrator(std::string_view) override { return false; }
};

} // namespace

/// Header lines that a member who knows his password puts into his REGISTERs, one such part after
/// each NUL: the answers are valid, nobody has more devices than he may, what is restored from disk
/// is what was there, and everything expires.
void fuzz_register(ByteView input) {
    static constexpr std::size_t bindings_max = 3;
    SeededEntropy entropy(1);
    NullLog log;
    Alice alice;
    const kit::FixedAddresses local;
    protection::Guard guard({}, log);
    identity::Identity identity({.realm = "r", .algorithms = {Alice::algorithm}}, alice, guard,
                                entropy, log);
    const registrar::Registrar::Options options{.domains = {"h"}, .bindings_max = bindings_max};
    registrar::Registrar registrar(options, identity, local, entropy, log);
    TimePoint now{};
    std::optional<std::string> nonce;
    std::uint64_t number = 0;
    const auto drain = [&] {
        while (auto output = registrar.poll()) {
            if (const auto* save = std::get_if<registrar::Registrar::Save>(&*output)) {
                registrar.handle_saved(save->id, number % 5 != 4);
                continue;
            }
            const auto& answer = std::get<registrar::Registrar::Answer>(*output).response;
            LYCEUM_ASSERT(!sip::validate(answer));
            if (const auto value = answer.header(sip::Header::www_authenticate))
                nonce = std::string(sip::DigestFields::parse(*value)->nonce);
        }
        LYCEUM_ASSERT(registrar.bindings("alice").size() <= bindings_max);
    };
    auto rest = as_text(input);
    while (!rest.empty() && number < 40) {
        const auto end = std::min(rest.find('\0'), rest.size());
        const auto lines = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        ++number;
        std::string text = "REGISTER sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
                           "Max-Forwards: 70\r\nFrom: <sip:alice@h>;tag=1\r\nTo: <sip:alice@h>\r\n"
                           "Call-ID: c\r\nCSeq: " +
                           std::to_string(number) + " REGISTER\r\n";
        if (nonce)
            text.append("Authorization: Digest username=alice, realm=r, uri=\"sip:h\", nonce=\"")
                .append(*nonce)
                .append("\", nc=00000001, cnonce=c, qop=auth, algorithm=MD5, response=\"")
                .append(sip::digest_response(Alice::algorithm, Alice::ha1(), *nonce, "00000001",
                                             "c", "REGISTER", "sip:h"))
                .append("\"\r\n");
        text.append(lines).append("\r\n\r\n");
        auto message = sip::parse_message(std::move(text));
        if (!message || sip::validate(*message) || message->method() != sip::Method::register_)
            continue;
        registrar.handle_request({sip::TransactionId{number}, std::move(*message), {}}, now);
        drain();
        now += 7s;
    }
    registrar::Registrar again(options, identity, local, entropy, log);
    again.restore({{"alice", registrar.bindings("alice")}}, now);
    LYCEUM_ASSERT(again.bindings("alice") == registrar.bindings("alice"));
    now += options.expires_max;
    registrar.handle_timeout(now);
    drain();
    LYCEUM_ASSERT(registrar.size() == 0 && !registrar.deadline());
}

} // namespace lyceum::fuzz
