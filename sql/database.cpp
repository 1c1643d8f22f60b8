// SPDX-License-Identifier: Apache-2.0
#include "sql/database.hpp"

#include "sql/migrations.hpp"

#include <sqlite3.h>

#include <utility>

namespace lyceum::sql {
namespace {

[[noreturn]] void fail(sqlite3* database, std::string_view doing) {
    const int code = database ? sqlite3_errcode(database) : SQLITE_NOMEM;
    const std::string what = database ? sqlite3_errmsg(database) : "out of memory";
    throw Error(std::string(doing) + ": " + what, code & 0xff);
}

} // namespace

Statement::Statement(sqlite3* database, std::string_view text) {
    const int code = sqlite3_prepare_v2(database, text.data(), static_cast<int>(text.size()),
                                        &statement_, nullptr);
    if (code != SQLITE_OK) fail(database, text);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::bind(int position, std::string_view text) {
    // An empty view may point nowhere, which SQLite would take for NULL.
    const int code = sqlite3_bind_text64(statement_, position, text.empty() ? "" : text.data(),
                                         text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    if (code != SQLITE_OK) fail(sqlite3_db_handle(statement_), "bind");
    return *this;
}

Statement& Statement::bind(int position, std::span<const std::uint8_t> octets) {
    const int code =
        sqlite3_bind_blob64(statement_, position, octets.data(), octets.size(), SQLITE_TRANSIENT);
    if (code != SQLITE_OK) fail(sqlite3_db_handle(statement_), "bind");
    return *this;
}

Statement& Statement::bind(int position, std::int64_t number) {
    if (sqlite3_bind_int64(statement_, position, number) != SQLITE_OK)
        fail(sqlite3_db_handle(statement_), "bind");
    return *this;
}

Statement& Statement::bind_null(int position) {
    if (sqlite3_bind_null(statement_, position) != SQLITE_OK)
        fail(sqlite3_db_handle(statement_), "bind");
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail(sqlite3_db_handle(statement_), sqlite3_sql(statement_));
    return false;
}

void Statement::reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

std::string Statement::text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return text ? std::string(text, size) : std::string();
}

std::vector<std::uint8_t> Statement::octets(int column) const {
    const auto* octets = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return octets ? std::vector(octets, octets + size) : std::vector<std::uint8_t>();
}

std::int64_t Statement::number(int column) const {
    return sqlite3_column_int64(statement_, column);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Database Database::open(const std::string& path) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    Database database(handle);
    if (code != SQLITE_OK) fail(handle, "cannot open " + path);
    sqlite3_busy_timeout(handle, 5000);
    database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                     "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;");
    database.migrate(path);
    return database;
}

Database::~Database() { sqlite3_close(database_); }

Database::Database(Database&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

void Database::execute(std::string_view script) {
    const std::string text(script);
    if (sqlite3_exec(database_, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        fail(database_, "execute");
}

int Database::changes() const { return sqlite3_changes(database_); }
void Database::set_patience(std::chrono::milliseconds patience) {
    sqlite3_busy_timeout(database_, static_cast<int>(patience.count()));
}

bool Database::is_in_transaction() const { return sqlite3_get_autocommit(database_) == 0; }

void Database::migrate(const std::string& path) {
    const auto version_now = [this] {
        auto statement = prepare("PRAGMA user_version");
        statement.step();
        return statement.number(0);
    };
    const auto newest = static_cast<std::int64_t>(migrations().size());
    const auto refuse_newer = [&](std::int64_t version) {
        if (version > newest)
            throw Error(path + ": made by a newer Lyceum (schema " + std::to_string(version) +
                            ", this one knows " + std::to_string(newest) + ")",
                        SQLITE_MISMATCH);
    };
    refuse_newer(version_now());
    if (version_now() == newest) return;
    // Another process may migrate at the same moment: look again under the lock.
    execute("BEGIN EXCLUSIVE");
    try {
        for (auto version = version_now(); version < newest; ++version) {
            execute(migrations()[static_cast<std::size_t>(version)].script);
            execute("PRAGMA user_version = " + std::to_string(version + 1));
        }
        execute("COMMIT");
    } catch (...) {
        sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
        throw;
    }
}

Transaction::Transaction(Database& database)
    : database_(database), inner_(database.is_in_transaction()) {
    database_.execute(inner_ ? "SAVEPOINT inner" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
    if (over_) return;
    try {
        database_.execute(inner_ ? "ROLLBACK TO inner; RELEASE inner" : "ROLLBACK");
    } catch (const Error&) {
        // A full disk has taken it back already.
    }
}

void Transaction::commit() {
    database_.execute(inner_ ? "RELEASE inner" : "COMMIT");
    over_ = true;
}

} // namespace lyceum::sql
