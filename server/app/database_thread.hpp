// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "server/registrar/registrar.hpp"
#include "server/store/binding_store.hpp"
#include "server/store/record_store.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace lyceum::app {

/// The one thread that writes what the network changes. What has come while it wrote and within
/// `gather_for` is its next batch, one transaction: so the busier the server is, the less a change
/// costs.
class DatabaseThread {
public:
    static constexpr auto gather_for = std::chrono::milliseconds(2);

    /// Called on this thread; post it where it belongs.
    using Saved = std::function<void(std::vector<registrar::SaveId>, bool done)>;

    DatabaseThread(const std::string& data_directory, Saved saved, Log& log);
    ~DatabaseThread(); ///< Writes what it has been given first.

    /// Before anything is saved: what is there.
    std::vector<registrar::Registration> load() { return store_.load(); }
    void save(registrar::Registrar::Save save);
    /// Nobody waits for it.
    void add(records::CallRecord record);
    void forget_records_before(WallTime time);

private:
    struct Work {
        std::vector<registrar::Registrar::Save> saves;
        std::vector<records::CallRecord> records;
        std::optional<WallTime> forget_before;

        [[nodiscard]] bool empty() const {
            return saves.empty() && records.empty() && !forget_before;
        }
    };

    template <class Change>
    void give(Change&& change);
    void run();
    void save(std::vector<registrar::Registrar::Save> saves);
    void write_records(const Work& work);

    store::BindingStore store_;
    store::RecordStore record_store_;
    Saved saved_;
    Log& log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Work waiting_;
    bool stopping_ = false;
    std::thread thread_; ///< Last: it uses all of the above.
};

} // namespace lyceum::app
