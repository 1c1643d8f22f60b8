// SPDX-License-Identifier: Apache-2.0
#include "server/store/binding_store.hpp"

namespace lyceum::store {

using registrar::Binding, registrar::Registration;

BindingStore::BindingStore(sql::Database& database)
    : database_(database), remove_(database_.prepare("DELETE FROM binding WHERE user = ?")),
      // One contact may have been registered under several spellings: the last one counts.
      insert_(database_.prepare("INSERT OR REPLACE INTO binding VALUES "
                                "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {}

std::vector<Registration> BindingStore::load(std::string_view user) {
    auto rows = database_.prepare(
        "SELECT user, contact, call_id, cseq, q, expires, path, instance, user_agent, source, "
        "features, reg_id "
        "FROM binding WHERE ?1 = '' OR user = ?1 ORDER BY user, q DESC, contact");
    rows.bind(1, user);
    std::vector<Registration> out;
    while (rows.step()) {
        if (out.empty() || out.back().user != rows.text(0)) out.push_back({rows.text(0), {}});
        Binding binding;
        binding.contact = rows.text(1);
        binding.call_id = rows.text(2);
        binding.cseq = static_cast<std::uint32_t>(rows.number(3));
        binding.q_thousandths = static_cast<unsigned>(rows.number(4));
        binding.expires = WallTime(Duration(rows.number(5)));
        binding.path = rows.text(6);
        binding.instance = rows.text(7);
        binding.user_agent = rows.text(8);
        binding.source = sip::parse_endpoint(rows.text(9)).value_or(sip::Endpoint{});
        binding.features = rows.text(10);
        binding.reg_id = static_cast<std::uint32_t>(rows.number(11));
        out.back().bindings.push_back(std::move(binding));
    }
    return out;
}

void BindingStore::replace(const Registration& registration) {
    remove_.reset();
    remove_.bind(1, registration.user).step();
    for (const auto& each : registration.bindings) {
        insert_.reset();
        insert_.bind(1, registration.user).bind(2, each.contact).bind(3, each.call_id);
        insert_.bind(4, std::int64_t{each.cseq}).bind(5, std::int64_t{each.q_thousandths});
        insert_.bind(6, each.expires.time_since_epoch().count()).bind(7, each.path);
        insert_.bind(8, each.instance).bind(9, each.user_agent).bind(10, to_string(each.source));
        insert_.bind(11, each.features).bind(12, std::int64_t{each.reg_id});
        insert_.step();
    }
}

} // namespace lyceum::store
