// SPDX-License-Identifier: Apache-2.0
#include "sip/transaction/server_locator.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace lyceum::sip {
namespace {

std::uint16_t standard_port(Transport transport) {
    return transport == Transport::tls ? 5061 : 5060;
}

std::optional<Transport> transport_of_service(std::string_view service) {
    if (iequals(service, "SIP+D2U")) return Transport::udp;
    if (iequals(service, "SIP+D2T")) return Transport::tcp;
    if (iequals(service, "SIPS+D2T")) return Transport::tls;
    return std::nullopt;
}

} // namespace

ServerLocator::ServerLocator(const Uri& uri, Random& random)
    : random_(random), host_(uri.params.find("maddr").value_or(uri.bare_host())),
      secure_(uri.scheme == Uri::Scheme::sips), port_(uri.port) {
    const auto named = uri.params.find("transport");
    const auto wanted = named ? transport_of(*named) : std::nullopt;
    if (named && (!wanted || is_web(*wanted)))
        return; // A transport that we do not speak to others.
    transport_ = secure_ ? Transport::tls : wanted.value_or(Transport::udp);
    if (const auto ip = IpAddress::parse(host_)) {
        targets_.push_back({transport_, {*ip, port_.value_or(standard_port(transport_))}, {}});
    } else if (port_) {
        ask_address(); // A port means no SRV (§4.2).
    } else if (wanted) {
        ask_srv(); // A transport means no NAPTR (§4.1).
    } else {
        queries_.push_back({{Query::Type::naptr, host_}, transport_, 0});
    }
}

void ServerLocator::handle_answer(const DnsAnswer& answer) {
    if (queries_.empty()) return;
    const auto step = queries_.front();
    queries_.pop_front();
    switch (step.query.type) {
    case Query::Type::naptr: handle_naptr(answer); break;
    case Query::Type::srv: handle_srv(step, answer); break;
    case Query::Type::address:
        for (const auto& ip : answer.addresses)
            if (targets_.size() < targets_max)
                targets_.push_back({step.transport, {ip, step.port}, {}});
        break;
    }
}

void ServerLocator::handle_naptr(const DnsAnswer& answer) {
    auto records = answer.naptr;
    std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
        return std::pair(a.order, a.preference) < std::pair(b.order, b.preference);
    });
    for (const auto& record : records) {
        const auto transport = transport_of_service(record.service);
        if (!transport || !iequals(record.flags, "s") || record.replacement.empty()) continue;
        if (secure_ && *transport != Transport::tls) continue; // §4.1: sips only by TLS.
        if (queries_.size() < targets_max)
            queries_.push_back({{Query::Type::srv, record.replacement}, *transport, 0});
    }
    if (queries_.empty()) ask_srv();
}

void ServerLocator::ask_srv() {
    std::string service = secure_ ? "_sips._tcp." : "_sip._udp.";
    if (!secure_ && transport_ == Transport::tcp) service = "_sip._tcp.";
    if (transport_ == Transport::tls) service = "_sips._tcp.";
    queries_.push_back({{Query::Type::srv, service + host_}, transport_, 0});
}

void ServerLocator::handle_srv(const Step& step, const DnsAnswer& answer) {
    for (const auto& record : in_order(answer.srv)) {
        if (record.target.empty() || record.target == ".") continue; // Decidedly not available.
        found_srv_ = true;
        if (queries_.size() < targets_max)
            queries_.push_back(
                {{Query::Type::address, record.target}, step.transport, record.port});
    }
    if (queries_.empty() && !found_srv_ && answer.srv.empty()) ask_address();
}

void ServerLocator::ask_address() {
    queries_.push_back(
        {{Query::Type::address, host_}, transport_, port_.value_or(standard_port(transport_))});
}

/// RFC 2782: by priority; among equals, drawn one after the other by weight.
std::vector<SrvRecord> ServerLocator::in_order(std::vector<SrvRecord> records) {
    std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
        return std::pair(a.priority, a.weight != 0) < std::pair(b.priority, b.weight != 0);
    });
    std::vector<SrvRecord> out;
    while (!records.empty()) {
        std::uint64_t total = 0;
        std::size_t equals = 0;
        for (; equals < records.size() && records[equals].priority == records[0].priority; ++equals)
            total += records[equals].weight;
        auto draw = random_.below(total + 1);
        std::size_t chosen = 0;
        while (chosen + 1 < equals && draw > records[chosen].weight) {
            draw -= records[chosen].weight;
            ++chosen;
        }
        out.push_back(std::move(records[chosen]));
        records.erase(records.begin() + static_cast<std::ptrdiff_t>(chosen));
    }
    return out;
}

} // namespace lyceum::sip
