// SPDX-License-Identifier: Apache-2.0
#include "server/records/message_trace.hpp"

#include "base/text.hpp"
#include "sip/message/parser.hpp"

namespace lyceum::records {
namespace {

constexpr std::string_view hidden = "…";

/// The method of a request, or of the request that a response is to.
std::string_view method_of(std::string_view bytes) {
    static constexpr std::string_view cseq = "\r\nCSeq:";
    if (!bytes.starts_with("SIP/2.0 ")) return cut(bytes, ' ');
    const auto at = bytes.find(cseq);
    if (at == std::string_view::npos) return {};
    auto rest = bytes.substr(at + cseq.size());
    auto line = trim(cut(rest, '\r'));
    cut(line, ' ');
    return trim(line);
}

bool is_of_a_call(std::string_view method) {
    for (const auto* each : {"INVITE", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE", "REFER", "INFO"})
        if (method == each) return true;
    return false;
}

/// How much of this line may be shown: all of it, or what stands before a secret.
std::size_t shown_of(std::string_view line) {
    for (const std::string_view name :
         {"Authorization:", "Proxy-Authorization:", "a=ice-pwd:", "k="})
        if (istarts_with(line, name)) return name.size();
    if (line.starts_with("a=crypto:")) { // Tag and suite, then the key (RFC 4568 §9.1).
        const auto key = line.find("inline:");
        return key == std::string_view::npos ? line.size() : key + 7;
    }
    return line.size();
}

std::string fit_to_be_shown(std::string_view bytes, std::string_view method) {
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        const auto line = cut(bytes, '\n');
        const auto end = line.ends_with('\r') ? line.size() - 1 : line.size();
        const auto shown = std::min(shown_of(line.substr(0, end)), end);
        out.append(line.substr(0, shown));
        if (shown < end) out.append(hidden);
        out += '\n';
        if (end == 0 && method == "INFO") { // Digits: they may be a PIN.
            if (!bytes.empty()) out.append(hidden);
            break;
        }
    }
    return out;
}

} // namespace

void MessageTrace::note(bool received, const sip::Endpoint& peer, std::string_view bytes,
                        WallTime at) {
    if (bytes.size() > bytes_max_ || !is_of_a_call(method_of(bytes))) return;
    bytes_ += bytes.size();
    seen_.push_back({at, received, peer, std::string(bytes)});
    while (bytes_ > bytes_max_) {
        bytes_ -= seen_.front().text.size();
        seen_.pop_front();
    }
}

std::vector<MessageTrace::Seen> MessageTrace::messages_of(std::string_view call_id) const {
    std::vector<Seen> out;
    if (call_id.empty()) return out;
    for (const auto& each : seen_) {
        if (each.text.find(call_id) == std::string::npos) continue;
        const auto message = sip::parse_message(std::string(each.text), sip::Framing::datagram);
        if (!message || message->header(sip::Header::call_id) != call_id) continue;
        out.push_back({each.at, each.received, each.peer,
                       is_utf8(each.text) ? fit_to_be_shown(each.text, method_of(each.text))
                                          : std::string(method_of(each.text))});
        if (out.size() == shown_max) break;
    }
    return out;
}

} // namespace lyceum::records
