// SPDX-License-Identifier: Apache-2.0
#include "server/app/database_thread.hpp"

#include <pthread.h>

#include <utility>

namespace lyceum::app {

DatabaseThread::DatabaseThread(const std::string& data_directory, Saved saved, Log& log)
    : store_(data_directory), record_store_(data_directory), saved_(std::move(saved)), log_(log),
      thread_([this] {
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
    give([&](Work& work) { work.saves.push_back(std::move(save)); });
}

void DatabaseThread::add(records::CallRecord record) {
    give([&](Work& work) { work.records.push_back(std::move(record)); });
}

void DatabaseThread::forget_records_before(WallTime time) {
    give([&](Work& work) { work.forget_before = time; });
}

template <class Change>
void DatabaseThread::give(Change&& change) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = waiting_.empty(); // For the others it wakes by itself.
        change(waiting_);
    }
    if (first) changed_.notify_one();
}

void DatabaseThread::run() {
    while (true) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        if (!stopping_) changed_.wait_for(lock, gather_for, [this] { return stopping_; });
        auto work = std::exchange(waiting_, {});
        lock.unlock();
        if (!work.saves.empty()) save(std::move(work.saves));
        write_records(work);
    }
}

void DatabaseThread::save(std::vector<registrar::Registrar::Save> saves) {
    std::vector<registrar::SaveId> ids;
    std::vector<registrar::Registration> registrations;
    for (auto& [id, registration] : saves) {
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

void DatabaseThread::write_records(const Work& work) {
    try {
        if (!work.records.empty()) record_store_.add(work.records);
        if (work.forget_before) record_store_.forget_before(*work.forget_before);
    } catch (const sql::Error& error) {
        log_.error("database.records-lost",
                   {{"count", work.records.size()}, {"why", error.what()}});
    }
}

} // namespace lyceum::app
