-- Sounds that rooms play: Opus files (RFC 7845).
CREATE TABLE sound (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    file BLOB NOT NULL
) STRICT;
