-- Calls that are over. See server/records/call_records.hpp.
CREATE TABLE call_record (
    id            INTEGER PRIMARY KEY,
    call_id       TEXT NOT NULL,
    caller        TEXT NOT NULL,
    callee        TEXT NOT NULL,
    way           TEXT NOT NULL,
    started       INTEGER NOT NULL, -- Microseconds since 1970, as the others.
    answered      INTEGER,          -- Null: nobody did.
    ended         INTEGER NOT NULL,
    status        INTEGER NOT NULL,
    why           TEXT NOT NULL,
    mos_tenths    INTEGER,          -- Null: it was not heard here.
    loss_permille INTEGER,
    jitter_ms     INTEGER
) STRICT;
CREATE INDEX call_record_started ON call_record (started);
