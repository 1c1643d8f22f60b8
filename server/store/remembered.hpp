// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "server/store/store.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lyceum::store {

/// What the store says of names, for who asks the same again and again: it is read once, and again
/// when somebody, be it another process, has written about names. That is looked for with the first
/// question of each turn, so one look at the disk answers a batch of requests.
class Remembered final : public identity::Credentials, public routing::Directory {
public:
    /// Answers of each kind; beyond, all are forgotten: who asks for names that are nobody's fills
    /// no memory.
    static constexpr std::size_t answers_max = 50'000;

    explicit Remembered(Store& store) : store_(store) {}

    /// A turn is over: what is asked from now on may have another answer.
    void look_again() { looked_ = false; }
    /// Another number once something about names has been written.
    std::int64_t changes() {
        look();
        return changes_;
    }

    std::optional<sip::StoredCredentials> credentials(std::string_view user) override;
    bool is_administrator(std::string_view user) override;
    bool is_room(std::string_view name) override;
    std::optional<routing::Member> member(std::string_view name) override;
    std::optional<std::string> alias(std::string_view name) override;
    std::vector<routing::NumberRoute> number_routes() override;
    [[nodiscard]] std::size_t alias_count() const { return aliases_.size(); }

private:
    template <class Answer>
    using Answers = boost::unordered_flat_map<std::string, Answer, TextHash, std::equal_to<>>;

    void look();
    template <class Answer, class Ask>
    const Answer& answer(Answers<Answer>& known, std::string_view name, Ask ask);

    Store& store_;
    bool looked_ = false;
    std::int64_t changes_ = -1;
    Answers<std::optional<sip::StoredCredentials>> credentials_;
    Answers<bool> administrators_, rooms_;
    Answers<std::optional<routing::Member>> members_;
    Answers<std::optional<std::string>> aliases_;
    std::optional<std::vector<routing::NumberRoute>> number_routes_;
};

} // namespace lyceum::store
