// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/text.hpp"
#include "sip/dialog/dialog.hpp"
#include "sql/database.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What takes more than one column, or of what there is more than one in a column.
namespace lyceum::store {

/// Several short texts in one column, a line for each.
inline std::string lines_of(const std::vector<std::string>& parts) {
    std::string out;
    for (const auto& each : parts) out.append(out.empty() ? "" : "\n").append(each);
    return out;
}

inline std::vector<std::string> parts_of(std::string_view lines) {
    std::vector<std::string> out;
    while (!lines.empty()) out.emplace_back(cut(lines, '\n'));
    return out;
}

/// \name A dialog, in nine columns from this one on
///@{
inline sip::Dialog::Parts dialog_in(sql::Statement& row, int first) {
    sip::Dialog::Parts out;
    out.key = {row.text(first), row.text(first + 1), row.text(first + 2)};
    out.local_uri = row.text(first + 3);
    out.remote_uri = row.text(first + 4);
    out.remote_target = row.text(first + 5);
    out.route_set = parts_of(row.text(first + 6));
    out.local_cseq = static_cast<std::uint32_t>(row.number(first + 7));
    out.remote_cseq = static_cast<std::uint32_t>(row.number(first + 8));
    return out;
}
inline void bind_dialog(sql::Statement& row, int first, const sip::Dialog::Parts& dialog) {
    row.bind(first, dialog.key.call_id).bind(first + 1, dialog.key.local_tag);
    row.bind(first + 2, dialog.key.remote_tag).bind(first + 3, dialog.local_uri);
    row.bind(first + 4, dialog.remote_uri).bind(first + 5, dialog.remote_target);
    row.bind(first + 6, lines_of(dialog.route_set));
    row.bind(first + 7, std::int64_t{dialog.local_cseq});
    row.bind(first + 8, std::int64_t{dialog.remote_cseq.value_or(0)});
}
///@}

} // namespace lyceum::store
