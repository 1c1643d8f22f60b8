-- What an administrator configures. Times are seconds since 1970.

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Names are compared without regard to case: people type them.
CREATE TABLE room (
    name             TEXT PRIMARY KEY COLLATE NOCASE,
    access           TEXT NOT NULL DEFAULT 'open' CHECK (access IN ('open', 'members', 'pin')),
    pin              TEXT NOT NULL DEFAULT '',
    host_pin         TEXT NOT NULL DEFAULT '',
    video            TEXT NOT NULL DEFAULT 'off' CHECK (video IN ('off', 'switch', 'grid')),
    participants_max INTEGER NOT NULL DEFAULT 5000 CHECK (participants_max > 0),
    created          INTEGER NOT NULL DEFAULT (unixepoch()),
    CHECK (access <> 'pin' OR pin <> '')
) STRICT, WITHOUT ROWID;

-- Never a password: HA1 of RFC 7616, one for each algorithm of RFC 8760.
CREATE TABLE user (
    name       TEXT PRIMARY KEY,
    ha1_sha256 TEXT NOT NULL,
    ha1_md5    TEXT NOT NULL,
    created    INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT, WITHOUT ROWID;

INSERT INTO setting (name, value) VALUES ('realm', 'lyceum');
INSERT INTO room (name) VALUES ('demo');
