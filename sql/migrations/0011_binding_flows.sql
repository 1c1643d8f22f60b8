-- A device may have several flows to us (RFC 5626), under one contact.
CREATE TABLE flow (
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
    features   TEXT NOT NULL,
    reg_id     INTEGER NOT NULL, -- 0: it said nothing of flows.
    PRIMARY KEY (user, contact, reg_id)
) STRICT, WITHOUT ROWID;
INSERT INTO flow SELECT user, contact, call_id, cseq, q, expires, path, instance, user_agent, source,
                        features, 0 FROM binding;
DROP TABLE binding;
ALTER TABLE flow RENAME TO binding;
