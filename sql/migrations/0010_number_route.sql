-- The dial plan: where numbers lead that are nobody's name. See server/routing/numbers.hpp.
CREATE TABLE number_route (
    pattern     TEXT PRIMARY KEY,
    target      TEXT NOT NULL,
    strip       INTEGER NOT NULL DEFAULT 0 CHECK (strip BETWEEN 0 AND 32),
    add_digits  TEXT NOT NULL DEFAULT '',
    redirects   INTEGER NOT NULL DEFAULT 0 CHECK (redirects IN (0, 1)),
    for_members INTEGER NOT NULL DEFAULT 1 CHECK (for_members IN (0, 1))
) STRICT, WITHOUT ROWID;
