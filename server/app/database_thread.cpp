// SPDX-License-Identifier: Apache-2.0
#include "server/app/database_thread.hpp"

#include <pthread.h>

#include <utility>

namespace lyceum::app {

DatabaseThread::DatabaseThread(const std::string& data_directory, Saved saved, Log& log)
    : store_(data_directory), saved_(std::move(saved)), log_(log), thread_([this] {
          pthread_setname_np(pthread_self(), "database");
          run();
      }) {}

DatabaseThread::~DatabaseThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void DatabaseThread::save(registrar::Registrar::Save save) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = waiting_.empty(); // For the others it wakes by itself.
        waiting_.push_back(std::move(save));
    }
    if (first) changed_.notify_one();
}

void DatabaseThread::run() {
    while (true) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        if (!stopping_) changed_.wait_for(lock, gather_for, [this] { return stopping_; });
        auto batch = std::exchange(waiting_, {});
        lock.unlock();
        std::vector<registrar::SaveId> ids;
        std::vector<registrar::Registration> registrations;
        for (auto& [id, registration] : batch) {
            ids.push_back(id);
            registrations.push_back(std::move(registration));
        }
        bool done = true;
        try {
            store_.replace(registrations);
        } catch (const sql::Error& error) {
            log_.error("database.not-written", {{"why", error.what()}});
            done = false;
        }
        saved_(std::move(ids), done);
    }
}

} // namespace lyceum::app
