// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/log.hpp"
#include "server/store/binding_store.hpp"
#include "server/store/call_store.hpp"
#include "server/store/presence_store.hpp"
#include "server/store/record_store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
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

    /// All that it writes to, by one connection.
    struct Stores {
        explicit Stores(sql::Database& database)
            : bindings(database), calls(database), records(database), presence(database) {}

        store::BindingStore bindings;
        store::CallStore calls;
        store::RecordStore records;
        store::PresenceStore presence;
    };
    using Write = std::function<void(Stores&)>;
    /// Whether it is on disk now.
    using Written = std::function<void(bool done)>;
    /// Runs what it is given where the cores are.
    using Post = std::function<void(std::function<void()>)>;

    DatabaseThread(const std::string& data_directory, Post post, Log& log);
    ~DatabaseThread(); ///< Writes what it has been given first.

    /// Before anything is written: to read what is there.
    Stores& stores() { return stores_; }
    /// In the order in which it is given. Who waits for it is told by `Post`.
    void write(Write write, Written written = {});
    /// Changes that wait, and batches that could not be written.
    [[nodiscard]] std::size_t backlog();
    [[nodiscard]] std::uint64_t failures() const { return failures_; }

private:
    struct Change {
        Write write;
        Written written;
    };

    void run();
    [[nodiscard]] bool write_all(const std::vector<Change>& batch);

    sql::Database database_;
    Stores stores_;
    Post post_;
    Log& log_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Change> waiting_;
    bool stopping_ = false;
    std::atomic<std::uint64_t> failures_ = 0;
    std::thread thread_; ///< Last: it uses all of the above.
};

} // namespace lyceum::app
