// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/random.hpp"
#include "webadmin/backend.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace lyceum::app {

/// Passwords by argon2id (RFC 9106), on a thread of its own: one takes tens of milliseconds, on
/// purpose. At most `waiting_max` wait; beyond, the answer is at once that it is wrong.
class PasswordThread final : public webadmin::Passwords {
public:
    static constexpr std::size_t waiting_max = 200;
    /// OWASP's first choice for argon2id: memory in KiB, passes, lanes.
    static constexpr std::uint32_t memory_kib = 19 * 1024, passes = 2, lanes = 1;

    /// Runs what it is given on the thread that asks.
    using Post = std::function<void(std::function<void()>)>;

    PasswordThread(Entropy& entropy, Post post);
    ~PasswordThread() override;

    void hash(std::string password, std::function<void(std::string)> done) override;
    void verify(std::string password, std::string encoded, std::function<void(bool)> done) override;

private:
    void add(std::function<void()> work, std::function<void()> refuse);
    void run();

    Entropy& entropy_;
    Post post_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;
    bool stopping_ = false;
    std::thread thread_; ///< Last: it uses all of the above.
};

} // namespace lyceum::app
