-- Ways to telephones and other servers. See server/trunk/trunk.hpp.
CREATE TABLE trunk (
    name         TEXT PRIMARY KEY COLLATE NOCASE,
    user         TEXT NOT NULL DEFAULT '',
    password     TEXT NOT NULL DEFAULT '', -- In clear: only a challenge says what it is hashed with.
    registers    INTEGER NOT NULL DEFAULT 0 CHECK (registers IN (0, 1)),
    caller       TEXT NOT NULL DEFAULT '',
    inbound      TEXT NOT NULL DEFAULT '',
    calls_max    INTEGER NOT NULL DEFAULT 30 CHECK (calls_max BETWEEN 1 AND 10000),
    sources      TEXT NOT NULL DEFAULT '', -- Addresses, separated by commas.
    trusted      INTEGER NOT NULL DEFAULT 0 CHECK (trusted IN (0, 1)),
    registration TEXT NOT NULL DEFAULT ''  -- What the registrar said last, for people.
) STRICT, WITHOUT ROWID;

CREATE TABLE gateway (
    trunk    TEXT NOT NULL COLLATE NOCASE REFERENCES trunk (name) ON DELETE CASCADE,
    uri      TEXT NOT NULL,
    priority INTEGER NOT NULL DEFAULT 1 CHECK (priority BETWEEN 1 AND 65535),
    weight   INTEGER NOT NULL DEFAULT 1 CHECK (weight BETWEEN 0 AND 65535),
    state    TEXT NOT NULL DEFAULT '', -- Whether it answers, for people.
    PRIMARY KEY (trunk, uri)
) STRICT, WITHOUT ROWID;
