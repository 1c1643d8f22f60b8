// SPDX-License-Identifier: Apache-2.0
/// The part of Store that keeps what rooms play.
#include "server/store/names.hpp"
#include "server/store/store.hpp"

#include "mixer/sound_source.hpp"

namespace lyceum::store {

std::vector<Store::SoundRow> Store::sounds() {
    auto rows = database_.prepare("SELECT name, length(file) FROM sound ORDER BY name");
    std::vector<SoundRow> out;
    while (rows.step()) out.push_back({rows.text(0), static_cast<std::size_t>(rows.number(1))});
    return out;
}

std::shared_ptr<const Bytes> Store::sound(std::string_view name) {
    auto row = database_.prepare("SELECT file FROM sound WHERE name = ?");
    if (!row.bind(1, name).step()) return nullptr;
    return std::make_shared<const Bytes>(row.octets(0));
}

std::optional<Fault> Store::set_sound(std::string_view name, ByteView file) {
    if (!is_name(name)) return not_a_name(std::string(name));
    if (file.size() > sound_bytes_max) return Fault{"a sound has up to 16 MiB", 0};
    if (const auto sound = mixer::opus_file(file); !sound) return sound.error();
    auto row = database_.prepare("INSERT OR REPLACE INTO sound VALUES (?, ?)");
    row.bind(1, name).bind(2, file).step();
    return std::nullopt;
}

bool Store::remove_sound(std::string_view name) {
    auto row = database_.prepare("DELETE FROM sound WHERE name = ?");
    row.bind(1, name).step();
    return database_.changes() > 0;
}

} // namespace lyceum::store
