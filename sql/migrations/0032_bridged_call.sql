-- Calls that talk through the back-to-back user agent, and their two ends (server/b2bua/kept_call.hpp):
-- who hangs up after a crash is heard on the other side.
CREATE TABLE bridged_call (
    id TEXT PRIMARY KEY,
    trunk TEXT NOT NULL,
    way TEXT NOT NULL,
    relayed INTEGER NOT NULL,
    expires_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE bridged_end (
    call TEXT NOT NULL REFERENCES bridged_call (id) ON DELETE CASCADE,
    side INTEGER NOT NULL CHECK (side IN (0, 1)), -- 0: who called.
    call_id TEXT NOT NULL,
    local_tag TEXT NOT NULL,
    remote_tag TEXT NOT NULL,
    local_uri TEXT NOT NULL,
    remote_uri TEXT NOT NULL,
    remote_target TEXT NOT NULL,
    route_set TEXT NOT NULL, -- A line for each.
    local_cseq INTEGER NOT NULL,
    remote_cseq INTEGER NOT NULL,
    peer TEXT NOT NULL, -- "UDP 192.0.2.1:5060"; empty: inside.
    contact TEXT NOT NULL,
    may_refer INTEGER NOT NULL,
    description TEXT NOT NULL,
    shown TEXT NOT NULL, -- Three lines: head, version and tail of an o= line; or none.
    PRIMARY KEY (call, side)
) STRICT, WITHOUT ROWID;
