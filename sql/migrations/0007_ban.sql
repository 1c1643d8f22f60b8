-- Addresses that are not answered. Times are microseconds since 1970.
CREATE TABLE ban (
    address TEXT PRIMARY KEY,
    until   INTEGER NOT NULL,
    why     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
