-- Other names of rooms and members, or names of ours for people who are elsewhere.
CREATE TABLE alias (
    name   TEXT PRIMARY KEY COLLATE NOCASE,
    target TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Where calls for a member go in place of his devices; empty: they do not.
CREATE TABLE forwarding (
    user              TEXT PRIMARY KEY REFERENCES user (name) ON DELETE CASCADE,
    always            TEXT NOT NULL DEFAULT '',
    busy              TEXT NOT NULL DEFAULT '',
    no_answer         TEXT NOT NULL DEFAULT '',
    unreachable       TEXT NOT NULL DEFAULT '',
    no_answer_after_s INTEGER NOT NULL DEFAULT 20 CHECK (no_answer_after_s BETWEEN 1 AND 180)
) STRICT, WITHOUT ROWID;

-- Where a member is looked for, one place after the other.
CREATE TABLE find_step (
    user       TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    target     TEXT NOT NULL,
    ring_for_s INTEGER NOT NULL CHECK (ring_for_s BETWEEN 1 AND 180),
    PRIMARY KEY (user, position)
) STRICT, WITHOUT ROWID;
