// SPDX-License-Identifier: Apache-2.0
#include "webadmin/access.hpp"

#include "webadmin/passkey.hpp"
#include "webadmin/secrets.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace lyceum::webadmin {
namespace {

constexpr std::string_view csrf_header = "X-CSRF-Token";
constexpr std::size_t totp_offers_max = 100;

std::string_view cookie_in(const http::Request& request, std::string_view name) {
    auto rest = request.header("Cookie");
    while (!rest.empty()) {
        auto value = trim(cut(rest, ';'));
        if (cut(value, '=') == name) return value;
    }
    return {};
}

std::string csrf_of(std::string_view secret) { return sha256_hex("csrf " + std::string(secret)); }

std::string octets_in(const Object& sent, std::string_view name) {
    const auto octets = from_base64(text_in(sent, name)).value_or(Bytes());
    return {octets.begin(), octets.end()};
}

std::optional<Problem> fault_of_password(const std::string& password) {
    if (password.size() < Access::password_min)
        return Problem{422, "a password has at least 8 characters", "password"};
    return std::nullopt;
}

} // namespace

std::optional<Who> Access::identify(const http::Request& request, WallTime now) {
    static constexpr std::string_view bearer = "Bearer ";
    const auto authorization = request.header("Authorization");
    const bool by_token = istarts_with(authorization, bearer);
    const auto secret =
        by_token ? trim(authorization.substr(bearer.size())) : cookie_in(request, cookie);
    if (secret.empty() || secret.size() > 128) return std::nullopt;
    const auto ticket = accounts_.ticket(sha256_hex(secret));
    const auto kind = by_token ? Ticket::Kind::token : Ticket::Kind::session;
    if (!ticket || ticket->kind != kind || ticket->until <= now) return std::nullopt;
    const auto account = accounts_.account(ticket->account);
    if (!account) return std::nullopt;
    if (by_token) {
        // A token never lets more in than who made it may do now.
        const auto role = std::max(ticket->role, account->role);
        return Who{account->name, role, ticket->id, {}, ticket->scopes};
    }
    return Who{account->name, account->role, ticket->id, csrf_of(secret)};
}

bool Access::is_valid(const Who& who, WallTime now) {
    const auto ticket = accounts_.ticket(who.ticket);
    return ticket && ticket->until > now;
}

bool Access::is_meant(const http::Request& request, const Who& who) {
    return who.csrf.empty() || is_same_secret(request.header(csrf_header), who.csrf);
}

Object Access::shown(const Who& who) const {
    const auto account = accounts_.account(who.name);
    return {{"account", who.name},
            {"role", name_of(who.role)},
            {"csrf", who.csrf},
            {"totp", account && !account->totp_secret.empty()}};
}

std::string issue(Accounts& accounts, Entropy& entropy, Ticket ticket) {
    auto secret = entropy.hex(32);
    ticket.id = sha256_hex(secret);
    accounts.put(ticket);
    return secret;
}

std::string link_for(Accounts& accounts, Entropy& entropy, const Account& account, WallTime now) {
    static constexpr std::chrono::hours link_time{24};
    return "/#link=" + issue(accounts, entropy,
                             {.kind = Ticket::Kind::link,
                              .account = account.name,
                              .role = account.role,
                              .made = now,
                              .until = now + link_time});
}

void Access::log_in(const Object& sent, const http::Request& request, WallTime now, Reply reply) {
    const auto name = text_in(sent, "account");
    Stranger stranger{name, request.peer.ip.network()};
    if (auto refused = refusal_of(stranger, now)) return reply(std::move(*refused));
    // Counted before it is known: who asks a hundred times at once is not let off with one failure.
    note_failure(stranger, now);
    const auto account = accounts_.account(name);
    passwords_.verify(text_in(sent, "password"), account ? account->password : std::string(),
                      [this, stranger = std::move(stranger), code = text_in(sent, "code"), request,
                       now, reply = std::move(reply)](bool right) {
                          handle_verified(right, stranger, code, request, now, reply);
                      });
}

void Access::handle_verified(bool right, const Stranger& stranger, const std::string& code,
                             const http::Request& request, WallTime now, const Reply& reply) {
    auto account = accounts_.account(stranger.first);
    if (!right || !account || account->password.empty())
        return reply(response_of({401, "name or password is wrong"}));
    if (!account->totp_secret.empty()) {
        if (code.empty()) {
            // The password was right and the code is not said yet: no failure. What was counted
            // before stays, or guessing codes would be free.
            auto& failures = failures_[stranger];
            if (--failures.count < free_failures) failures.until = now;
            return reply(response_of({401, "the code of your authenticator is needed", "code"}));
        }
        if (!uses_code(*account, code, now))
            return reply(response_of({401, "the code is wrong or was used already", "code"}));
    }
    forget_failures(stranger);
    start_session(*account, request, now, reply);
}

void Access::use_link(const Object& sent, const http::Request& request, WallTime now, Reply reply) {
    const auto id = sha256_hex(text_in(sent, "link"));
    const auto ticket = accounts_.ticket(id);
    if (!ticket || ticket->kind != Ticket::Kind::link || ticket->until <= now)
        return reply(response_of({401, "the link has been used, or is too old", "link"}));
    auto password = text_in(sent, "password");
    if (auto fault = fault_of_password(password)) return reply(response_of(*fault));
    accounts_.remove_ticket(id); // Now: it works once.
    passwords_.hash(std::move(password), [this, name = ticket->account, request, now,
                                          reply = std::move(reply)](std::string encoded) {
        auto account = accounts_.account(name);
        if (!account) return reply(response_of({401, "there is no such account any more"}));
        if (encoded.empty()) return reply(response_of({503, "too busy: ask for another link"}));
        account->password = std::move(encoded);
        // Who needs a link may have lost his authenticator and his devices too.
        account->totp_secret.clear();
        for (const auto& each : accounts_.passkeys(name)) accounts_.remove_passkey(each.id);
        accounts_.put(*account);
        accounts_.remove_tickets(name, {});
        start_session(*account, request, now, reply);
    });
}

void Access::start_session(const Account& account, const http::Request& request, WallTime now,
                           const Reply& reply) {
    const auto secret = issue(accounts_, entropy_,
                              {.kind = Ticket::Kind::session,
                               .account = account.name,
                               .role = account.role,
                               .made = now,
                               .until = now + session_time});
    const Who who{account.name, account.role, sha256_hex(secret), csrf_of(secret)};
    auto response = json_response(shown(who));
    response.headers.emplace_back("Set-Cookie",
                                  std::string(cookie) + "=" + secret +
                                      "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" +
                                      std::to_string(std::chrono::seconds(session_time).count()) +
                                      (request.secure ? "; Secure" : ""));
    reply(std::move(response));
}

void Access::set_password(const Object& sent, const http::Request& request, const Who& who,
                          WallTime now, Reply reply) {
    auto wanted = text_in(sent, "password");
    if (auto fault = fault_of_password(wanted)) return reply(response_of(*fault));
    const auto account = accounts_.account(who.name);
    if (!account) return reply(response_of({401, "log in first"}));
    Stranger stranger{who.name, request.peer.ip.network()};
    if (auto refused = refusal_of(stranger, now)) return reply(std::move(*refused));
    note_failure(stranger, now);
    passwords_.verify(
        text_in(sent, "old_password"), account->password,
        [this, who, stranger = std::move(stranger), wanted = std::move(wanted),
         reply = std::move(reply)](bool right) mutable {
            if (!right)
                return reply(response_of({403, "the old password is wrong", "old_password"}));
            forget_failures(stranger);
            passwords_.hash(std::move(wanted),
                            [this, who, reply = std::move(reply)](std::string encoded) {
                                auto changed = accounts_.account(who.name);
                                if (!changed) return reply(response_of({401, "log in first"}));
                                if (encoded.empty())
                                    return reply(response_of({503, "too busy: try again"}));
                                changed->password = std::move(encoded);
                                accounts_.put(*changed);
                                accounts_.remove_tickets(who.name, who.ticket);
                                reply(json_response(shown(who)));
                            });
        });
}

void Access::log_out(const Who& who) {
    if (!who.csrf.empty()) accounts_.remove_ticket(who.ticket);
}

http::Response Access::offer_totp(const Who& who) {
    std::array<std::uint8_t, 20> octets{};
    entropy_.fill(octets);
    const std::string secret(octets.begin(), octets.end());
    if (offered_totp_.size() >= totp_offers_max) offered_totp_.clear();
    offered_totp_[who.name] = secret;
    const auto shown = base32(secret);
    return json_response(
        {{"secret", shown},
         {"uri", "otpauth://totp/Lyceum:" + who.name + "?secret=" + shown + "&issuer=Lyceum"}});
}

http::Response Access::set_totp(const Object& sent, const Who& who, WallTime now) {
    const auto offered = offered_totp_.find(who.name);
    auto account = accounts_.account(who.name);
    if (offered == offered_totp_.end() || !account)
        return response_of({409, "ask for a secret first"});
    account->totp_secret = offered->second;
    account->totp_step = 0;
    if (!uses_code(*account, text_in(sent, "code"), now))
        return response_of({422, "the code is wrong; is your clock right?", "code"});
    offered_totp_.erase(offered);
    return json_response(shown(who));
}

void Access::clear_totp(const Who& who) {
    auto account = accounts_.account(who.name);
    if (!account) return;
    account->totp_secret.clear();
    accounts_.put(*account);
}

http::Response Access::offer_passkey(const http::Request& request, const std::optional<Who>& who,
                                     WallTime now) {
    while (!challenges_.empty() &&
           (challenges_.front().until <= now || challenges_.size() >= challenges_max))
        challenges_.pop_front();
    challenges_.push_back({entropy_.hex(32), who ? who->name : "", now + challenge_time});
    json::array known;
    if (who)
        for (const auto& each : accounts_.passkeys(who->name)) known.emplace_back(each.id);
    return json_response({{"challenge", challenges_.back().text},
                          {"host", site_of(request).host},
                          {"known", std::move(known)}});
}

std::string Access::take_challenge(const std::string& client_data, const std::string& of,
                                   WallTime now) {
    json::error_code error;
    const auto data = json::parse(client_data, error);
    if (error || !data.is_object()) return {};
    auto said = text_in(data.get_object(), "challenge");
    std::replace(said.begin(), said.end(), '-', '+');
    std::replace(said.begin(), said.end(), '_', '/');
    const auto octets = from_base64(said).value_or(Bytes());
    const std::string text(octets.begin(), octets.end());
    const auto found =
        std::find_if(challenges_.begin(), challenges_.end(), [&](const Challenge& each) {
            return each.until > now && each.of == of && is_same_secret(each.text, text);
        });
    if (found == challenges_.end()) return {};
    challenges_.erase(found);
    return text;
}

http::Response Access::add_passkey(const Object& sent, const http::Request& request, const Who& who,
                                   WallTime now) {
    const NewPasskey made{octets_in(sent, "client_data"), octets_in(sent, "authenticator_data"),
                          static_cast<int>(sent.at("algorithm").to_number<std::int64_t>())};
    const auto challenge = take_challenge(made.client_data, who.name, now);
    auto passkey = passkey_in(made, site_of(request), challenge);
    if (!passkey) return response_of(passkey.error());
    if (accounts_.passkeys(who.name).size() >= passkeys_max)
        return response_of({409, "you have too many already"});
    if (accounts_.passkey(passkey->id)) return response_of({409, "it is somebody's already"});
    passkey->account = who.name;
    passkey->name = text_in(sent, "name");
    accounts_.put(*passkey);
    return list_passkeys(who);
}

/// The device has asked who he is, and holds the key: these are two things, so that no code is
/// asked for.
void Access::use_passkey(const Object& sent, const http::Request& request, WallTime now,
                         const Reply& reply) {
    const Stranger stranger{"(passkey)", request.peer.ip.network()}; // No account is called so.
    if (auto refused = refusal_of(stranger, now)) return reply(std::move(*refused));
    const Assertion assertion{octets_in(sent, "client_data"), octets_in(sent, "authenticator_data"),
                              octets_in(sent, "signature")};
    const auto challenge = take_challenge(assertion.client_data, {}, now);
    const auto known = accounts_.passkey(text_in(sent, "id"));
    const auto account = known ? accounts_.account(known->account) : std::nullopt;
    const auto passkey = verify(known.value_or(Passkey{}), assertion, site_of(request), challenge);
    if (!account || !passkey) {
        note_failure(stranger, now);
        return reply(response_of({401, "the passkey is not known here, or took too long"}));
    }
    accounts_.put(*passkey);
    forget_failures(stranger);
    start_session(*account, request, now, reply);
}

http::Response Access::list_passkeys(const Who& who) {
    json::array items;
    for (const auto& each : accounts_.passkeys(who.name))
        items.push_back(Object{{"id", each.id}, {"name", each.name}});
    return json_response({{"items", std::move(items)}});
}

http::Response Access::remove_passkey(const std::string& id, const Who& who) {
    const auto known = accounts_.passkey(id);
    if (!known || known->account != who.name)
        return response_of({404, "there is nothing of that name"});
    accounts_.remove_passkey(id);
    return {.status = 204};
}

/// True: it is right, and from now on used.
bool Access::uses_code(Account& account, std::string_view code, WallTime now) {
    const auto at = totp_step_at(now);
    for (auto step = at - 1; step <= at + 1; ++step) {
        if (step <= account.totp_step ||
            !is_same_secret(totp_code(account.totp_secret, step), code))
            continue;
        account.totp_step = step;
        accounts_.put(account);
        return true;
    }
    return false;
}

std::optional<http::Response> Access::refusal_of(const Stranger& stranger, WallTime now) const {
    WallTime until = now;
    for (const auto& each : {stranger, Stranger{{}, stranger.second}})
        if (const auto known = failures_.find(each); known != failures_.end())
            until = std::max(until, known->second.until);
    if (until <= now) return std::nullopt;
    const auto wait = std::chrono::ceil<std::chrono::seconds>(until - now);
    auto response = response_of({429, "too many failures: wait a moment"});
    response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    return response;
}

void Access::note_failure(const Stranger& stranger, WallTime now) {
    if (failures_.size() >= strangers_max)
        std::erase_if(failures_, [now](const auto& each) { return each.second.until <= now; });
    // Still full of people who wait: one of them more or less does not matter.
    if (failures_.size() >= strangers_max) failures_.erase(failures_.begin());
    const auto count = [&](const Stranger& who, int free) {
        auto& failures = failures_[who];
        const int beyond = std::min(++failures.count - free, 10);
        if (beyond < 0) return;
        const std::chrono::seconds wait(1 << beyond);
        failures.until = now + std::min(wait, std::chrono::seconds(wait_max));
    };
    count(stranger, free_failures);
    count({{}, stranger.second}, 10 * free_failures);
}

void Access::forget_failures(const Stranger& stranger) {
    failures_.erase(stranger);
    failures_.erase(Stranger{{}, stranger.second});
}

} // namespace lyceum::webadmin
