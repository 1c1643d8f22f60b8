// SPDX-License-Identifier: Apache-2.0
#include "server/store/remembered.hpp"

#include <utility>

namespace lyceum::store {

void Remembered::look() {
    if (looked_) return;
    const auto changes = store_.directory_changes();
    looked_ = true;
    if (std::exchange(changes_, changes) == changes) return;
    credentials_.clear();
    administrators_.clear();
    rooms_.clear();
    members_.clear();
    aliases_.clear();
    number_routes_.reset();
}

template <class Answer, class Ask>
const Answer& Remembered::answer(Answers<Answer>& known, std::string_view name, Ask ask) {
    look();
    if (const auto found = known.find(name); found != known.end()) return found->second;
    if (known.size() >= answers_max) known.clear();
    return known.emplace(name, ask(name)).first->second;
}

std::optional<sip::StoredCredentials> Remembered::credentials(std::string_view user) {
    return answer(credentials_, user, [this](auto name) { return store_.credentials(name); });
}

bool Remembered::is_administrator(std::string_view user) {
    return answer(administrators_, user,
                  [this](auto name) { return store_.is_administrator(name); });
}

bool Remembered::is_room(std::string_view name) {
    return answer(rooms_, name, [this](auto each) { return store_.is_room(each); });
}

std::optional<routing::Member> Remembered::member(std::string_view name) {
    return answer(members_, name, [this](auto each) { return store_.member(each); });
}

std::optional<std::string> Remembered::alias(std::string_view name) {
    return answer(aliases_, name, [this](auto each) { return store_.alias(each); });
}

std::vector<routing::NumberRoute> Remembered::number_routes() {
    look();
    if (!number_routes_) number_routes_ = store_.number_routes();
    return *number_routes_;
}

} // namespace lyceum::store
