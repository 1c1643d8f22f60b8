// SPDX-License-Identifier: Apache-2.0
#include "server/records/message_trace.hpp"

#include "base/text.hpp"
#include "sip/message/parser.hpp"

#include <algorithm>
#include <set>

namespace lyceum::records {
namespace {

constexpr char hidden = 'x';

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

bool begins_or_is_in_a_call(std::string_view method) {
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

} // namespace

bool is_of_a_call(std::string_view message) { return begins_or_is_in_a_call(method_of(message)); }

std::string masked(std::string_view message) {
    std::string out(message);
    const auto hide = [&out](std::size_t from, std::size_t to) {
        std::fill(out.begin() + static_cast<std::ptrdiff_t>(from),
                  out.begin() + static_cast<std::ptrdiff_t>(to), hidden);
    };
    if (!is_utf8(message))
        std::replace_if(
            out.begin(), out.end(), [](char c) { return (c & 0x80) != 0; }, '?');
    const auto method = method_of(message);
    const bool shows_body = begins_or_is_in_a_call(method) && method != "INFO";
    bool hides_line = false, in_body = false;
    for (std::size_t at = 0; at < message.size();) {
        const auto line_end = std::min(message.find('\n', at), message.size());
        const bool has_return = line_end > at && message[line_end - 1] == '\r';
        const auto end = line_end - has_return;
        const auto line = message.substr(at, end - at);
        const bool goes_on = !in_body && (line.starts_with(' ') || line.starts_with('\t'));
        const auto shown = goes_on && hides_line ? 0 : shown_of(line);
        hides_line = shown < line.size();
        hide(at + shown, end);
        at = std::min(line_end + 1, message.size());
        if (!line.empty() || in_body) continue;
        in_body = true;
        if (shows_body) continue;
        hide(at, message.size());
        break;
    }
    return out;
}

void MessageTrace::note(bool received, const sip::Endpoint& peer, const SocketAddress& own,
                        std::string_view bytes, WallTime at) {
    if (bytes.size() > bytes_max_ || !is_of_a_call(bytes)) return;
    bytes_ += bytes.size();
    seen_.push_back({at, received, peer, own, std::string(bytes)});
    while (bytes_ > bytes_max_) {
        bytes_ -= seen_.front().text.size();
        seen_.pop_front();
    }
}

void MessageTrace::relate(const std::string& call_id, const std::string& other) {
    const std::string origin(origin_of(call_id));
    if (!origins_.emplace(other, origin.empty() ? call_id : origin).second) return;
    related_.push_back(other);
    if (related_.size() <= related_max) return;
    origins_.erase(related_.front());
    related_.pop_front();
}

std::string_view MessageTrace::origin_of(std::string_view call_id) const {
    const auto found = origins_.find(call_id);
    return found == origins_.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<MessageTrace::Seen> MessageTrace::messages_of(std::string_view call_id) const {
    std::vector<Seen> out;
    if (call_id.empty()) return out;
    const auto origin = origin_of(call_id).empty() ? call_id : origin_of(call_id);
    std::set<std::string_view> wanted{origin};
    for (const auto& [other, from] : origins_)
        if (from == origin) wanted.insert(other);
    const auto names = [&](std::string_view text) {
        return std::any_of(wanted.begin(), wanted.end(), [text](std::string_view each) {
            return text.find(each) != std::string_view::npos;
        });
    };
    for (const auto& each : seen_) {
        if (!names(each.text)) continue;
        const auto message = sip::parse_message(std::string(each.text), sip::Framing::datagram);
        if (!message || !wanted.contains(message->header(sip::Header::call_id).value_or("")))
            continue;
        out.push_back({each.at, each.received, each.peer, each.own, masked(each.text)});
        if (out.size() == shown_max) break;
    }
    return out;
}

} // namespace lyceum::records
