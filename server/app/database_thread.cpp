// SPDX-License-Identifier: Apache-2.0
#include "server/app/database_thread.hpp"

#include "server/store/database.hpp"

#include <pthread.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace lyceum::app {

DatabaseThread::DatabaseThread(const std::string& data_directory, Post post, Log& log)
    : database_(store::open_database(data_directory)), stores_(database_), post_(std::move(post)),
      log_(log), thread_([this] {
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

void DatabaseThread::write(Write write, Written written) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = waiting_.empty(); // For the others it wakes by itself.
        waiting_.push_back({std::move(write), std::move(written)});
    }
    if (first) changed_.notify_one();
}

std::size_t DatabaseThread::backlog() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
}

void DatabaseThread::run() {
    while (true) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        if (!stopping_) changed_.wait_for(lock, gather_for, [this] { return stopping_; });
        auto batch = std::exchange(waiting_, {});
        lock.unlock();
        const bool done = write_all(batch);
        std::erase_if(batch, [](const Change& each) { return !each.written; });
        if (batch.empty()) continue;
        // A function has to be one that can be copied.
        auto told = std::make_shared<std::vector<Change>>(std::move(batch));
        post_([told, done] {
            for (const auto& each : *told) each.written(done);
        });
    }
}

bool DatabaseThread::write_all(const std::vector<Change>& batch) {
    try {
        sql::Transaction transaction(database_);
        for (const auto& each : batch) each.write(stores_);
        transaction.commit();
        return true;
    } catch (const sql::Error& error) {
        ++failures_;
        log_.error("database.not-written", {{"changes", batch.size()}, {"why", error.what()}});
        return false;
    }
}

} // namespace lyceum::app
