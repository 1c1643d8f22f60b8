// SPDX-License-Identifier: Apache-2.0
#include "server/app/password_thread.hpp"

#include <argon2.h>
#include <pthread.h>

#include <array>
#include <stdexcept>

namespace lyceum::app {
namespace {

constexpr std::size_t salt_octets = 16, hash_octets = 32;

std::string encode(const std::string& password, std::span<const std::uint8_t> salt) {
    std::array<char, 256> encoded{};
    const int failed = argon2id_hash_encoded(
        PasswordThread::passes, PasswordThread::memory_kib, PasswordThread::lanes, password.data(),
        password.size(), salt.data(), salt.size(), hash_octets, encoded.data(), encoded.size());
    return failed == ARGON2_OK ? std::string(encoded.data()) : std::string();
}

/// Of nobody's password: to take as long for a name that is not there.
const std::string& nobodys() {
    static const std::string encoded =
        encode("nobody's", std::array<std::uint8_t, salt_octets>{1, 2, 3});
    return encoded;
}

} // namespace

PasswordThread::PasswordThread(Entropy& entropy, Post post)
    : entropy_(entropy), post_(std::move(post)), thread_([this] {
          pthread_setname_np(pthread_self(), "passwords");
          run();
      }) {}

PasswordThread::~PasswordThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        waiting_.clear();
    }
    changed_.notify_one();
    thread_.join();
}

void PasswordThread::hash(std::string password, std::function<void(std::string)> done) {
    std::array<std::uint8_t, salt_octets> salt{};
    entropy_.fill(salt);
    add([this, password = std::move(password), salt,
         done] { post_([done, encoded = encode(password, salt)] { done(encoded); }); },
        [done] { done({}); });
}

void PasswordThread::verify(std::string password, std::string encoded,
                            std::function<void(bool)> done) {
    add(
        [this, password = std::move(password), encoded = std::move(encoded), done] {
            const auto& against = encoded.empty() ? nobodys() : encoded;
            const bool right =
                argon2id_verify(against.c_str(), password.data(), password.size()) == ARGON2_OK;
            post_([done, right = right && !encoded.empty()] { done(right); });
        },
        [done] { done(false); });
}

void PasswordThread::add(std::function<void()> work, std::function<void()> refuse) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() < waiting_max) {
            waiting_.push_back(std::move(work));
            refuse = {};
        }
    }
    if (refuse) refuse();
    else changed_.notify_one();
}

void PasswordThread::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        const auto work = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        work();
        lock.lock();
    }
}

} // namespace lyceum::app
