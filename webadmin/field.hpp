// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "webadmin/json.hpp"
#include "webadmin/problem.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace lyceum::webadmin {

/// One field of something that is configured or kept: what checks it, and what describes it.
struct Field {
    enum class Type { text, number, flag, texts, object, objects };
    enum class Use {
        key,       ///< Names the thing; said when it is made, and then fixed.
        must,      ///< Said when it is made; may be changed.
        may,       ///< Has a default.
        fixed,     ///< Said when it is made, if at all.
        secret,    ///< Like `may`, and never shown.
        must_hide, ///< Like `must`, and never shown.
        shown,     ///< Only shown.
    };

    std::string_view name;
    Type type = Type::text;
    Use use = Use::may;
    std::string_view about{};
    std::string_view values{}; ///< Of a text: "open|members|pin"; empty: any.
    std::int64_t most = 256;   ///< Octets of a text, entries of a list, or the highest number.
    std::int64_t least = 0;    ///< The lowest number.
    bool guarded = false; ///< A text shown only to who may configure: to others it looks empty.
    std::vector<Field> inside{}; ///< Of each of the objects.

    [[nodiscard]] bool is_written() const { return use != Use::shown; }
    [[nodiscard]] bool is_shown() const { return use != Use::secret && use != Use::must_hide; }
    /// Whether a list can be asked for those of which it has this value.
    [[nodiscard]] bool is_searched() const {
        return is_shown() && !guarded && type != Type::object && type != Type::objects;
    }
    [[nodiscard]] bool is_needed() const {
        return use == Use::key || use == Use::must || use == Use::must_hide;
    }
};

/// Whether something is to be made, or only some of its fields are said anew.
enum class Writing { whole, changes };

/// What is wrong with what somebody has sent, at its first field; none: nothing is.
std::optional<Problem> fault_in(const Object& sent, std::span<const Field> fields, Writing writing);

/// Whether what is shown has this value there, whatever its letters' case; a list: among others.
bool has_value(const Object& shown, const Field& field, std::string_view value);

/// JSON Schema (2020-12, as OpenAPI 3.1 has it) of what is shown, or of what may be sent.
Object schema_shown(std::span<const Field> fields);
Object schema_sent(std::span<const Field> fields, Writing writing);

} // namespace lyceum::webadmin
