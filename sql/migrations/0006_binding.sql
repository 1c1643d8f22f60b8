-- Where members are reached: what their devices have registered. Times are microseconds since 1970.
CREATE TABLE binding (
    user       TEXT NOT NULL,
    contact    TEXT NOT NULL,
    call_id    TEXT NOT NULL,
    cseq       INTEGER NOT NULL,
    q          INTEGER NOT NULL CHECK (q BETWEEN 0 AND 1000), -- Thousandths.
    expires    INTEGER NOT NULL,
    path       TEXT NOT NULL,
    instance   TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    source     TEXT NOT NULL,
    PRIMARY KEY (user, contact)
) STRICT, WITHOUT ROWID;
