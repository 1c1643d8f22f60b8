// SPDX-License-Identifier: Apache-2.0
#include "server/store/call_store.hpp"

#include "server/store/columns.hpp"

namespace lyceum::store {
namespace {

std::string text_of(const std::optional<b2bua::Origin>& origin) {
    return origin ? lines_of({origin->head, std::to_string(origin->version), origin->tail}) : "";
}

std::optional<b2bua::Origin> origin_of(std::string_view text) {
    const auto parts = parts_of(text);
    if (parts.size() != 3) return std::nullopt;
    return b2bua::Origin{parts[0], parts[2], parse_number<std::uint64_t>(parts[1]).value_or(0)};
}

} // namespace

CallStore::CallStore(sql::Database& database)
    : database_(database), remove_(database_.prepare("DELETE FROM bridged_call WHERE id = ?")),
      put_call_(database_.prepare("INSERT INTO bridged_call VALUES (?, ?, ?, ?, ?)")),
      put_end_(database_.prepare("INSERT INTO bridged_end VALUES "
                                 "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {}

std::vector<b2bua::KeptCall> CallStore::load() {
    auto calls = database_.prepare(
        "SELECT id, trunk, way, relayed, expires_s FROM bridged_call ORDER BY id");
    auto ends = database_.prepare(
        "SELECT side, call_id, local_tag, remote_tag, local_uri, remote_uri, remote_target, "
        "route_set, local_cseq, remote_cseq, peer, contact, may_refer, description, shown "
        "FROM bridged_end WHERE call = ?");
    std::vector<b2bua::KeptCall> out;
    while (calls.step()) {
        b2bua::KeptCall call{calls.text(0),
                             calls.text(1),
                             calls.text(2),
                             calls.number(3) != 0,
                             static_cast<unsigned>(calls.number(4)),
                             {}};
        ends.reset();
        ends.bind(1, call.id);
        while (ends.step()) {
            auto& end = call.ends.at(static_cast<std::size_t>(ends.number(0)));
            end.dialog = dialog_in(ends, 1);
            end.peer =
                sip::parse_endpoint(ends.text(10)).value_or(sip::inside(sip::Inside::server));
            end.contact = ends.text(11);
            end.may_refer = ends.number(12) != 0;
            end.description = ends.text(13);
            end.shown = origin_of(ends.text(14));
        }
        out.push_back(std::move(call));
    }
    return out;
}

void CallStore::put(const b2bua::KeptCall& call) {
    remove(call.id);
    put_call_.reset();
    put_call_.bind(1, call.id).bind(2, call.trunk).bind(3, call.way);
    put_call_.bind(4, std::int64_t{call.relayed}).bind(5, std::int64_t{call.expires_s}).step();
    for (std::int64_t side = 0; side < 2; ++side) {
        const auto& end = call.ends[static_cast<std::size_t>(side)];
        const bool inside = end.peer.transport == sip::Transport::inside;
        auto& row = put_end_;
        row.reset();
        row.bind(1, call.id).bind(2, side);
        bind_dialog(row, 3, end.dialog);
        row.bind(12, inside ? std::string() : to_string(end.peer)).bind(13, end.contact);
        row.bind(14, std::int64_t{end.may_refer}).bind(15, end.description);
        row.bind(16, text_of(end.shown)).step();
    }
}

void CallStore::remove(std::string_view id) {
    remove_.reset();
    remove_.bind(1, id).step();
}

} // namespace lyceum::store
