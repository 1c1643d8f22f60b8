// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace lyceum::sql {

/// What SQLite said, with the statement. Thrown: at start-up it ends the program with one line;
/// after that, `store` turns it into a value at its border.
class Error : public std::runtime_error {
public:
    Error(const std::string& what, int code) : std::runtime_error(what), code_(code) {}
    /// The primary result code, such as SQLITE_CONSTRAINT (19).
    [[nodiscard]] int code() const { return code_; }
    [[nodiscard]] bool is_constraint() const { return code_ == 19; }

private:
    int code_;
};

/// A prepared statement. Bind by position from 1, then `step` until false; `reset` to use it again.
class Statement {
public:
    Statement(sqlite3* database, std::string_view text);
    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    Statement& bind(int position, std::string_view text);
    Statement& bind(int position, std::int64_t number);
    Statement& bind(int position, std::span<const std::uint8_t> octets);
    Statement& bind_null(int position);
    /// True when there is a row to read.
    bool step();
    void reset();

    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::vector<std::uint8_t> octets(int column) const;
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] bool is_null(int column) const;

private:
    sqlite3_stmt* statement_ = nullptr;
};

/// One connection, used by one thread. WAL, foreign keys on, waits up to five seconds for a lock if
/// nothing else is said.
class Database {
public:
    /// Creates the file if it is not there and brings it to the newest version; each migration is
    /// one transaction. A database of a newer program is refused and not touched.
    static Database open(const std::string& path);
    ~Database();
    Database(Database&& other) noexcept;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Statement prepare(std::string_view text) { return Statement(database_, text); }
    void execute(std::string_view script);
    void set_patience(std::chrono::milliseconds patience);
    /// Rows that the last statement changed.
    [[nodiscard]] int changes() const;
    [[nodiscard]] bool is_in_transaction() const;

private:
    explicit Database(sqlite3* database) : database_(database) {}
    void migrate(const std::string& path);

    sqlite3* database_ = nullptr;
};

/// All of it or nothing: what is not committed is taken back. Within another, a part of it.
class Transaction {
public:
    explicit Transaction(Database& database);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit();

private:
    Database& database_;
    bool inner_, over_ = false;
};

} // namespace lyceum::sql
