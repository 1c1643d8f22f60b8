-- Links by which a telephone sets itself up, once: by the SHA-256 of what stands in them.
CREATE TABLE setup_link (
    id    TEXT PRIMARY KEY,
    user  TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
    until INTEGER NOT NULL -- Microseconds since 1970.
) STRICT, WITHOUT ROWID;
