-- Who watches what (sip/event/subscription.hpp). Times are microseconds.
CREATE TABLE subscription (
    id            INTEGER PRIMARY KEY,
    package       TEXT NOT NULL,
    resource      TEXT NOT NULL,
    watcher       TEXT NOT NULL,
    event_id      TEXT NOT NULL,
    type          TEXT NOT NULL,    -- Of the bodies.
    pending       INTEGER NOT NULL, -- 1: the owner has not decided.
    spacing       INTEGER NOT NULL,
    at_least      INTEGER NOT NULL,
    source        TEXT NOT NULL,
    expires       INTEGER NOT NULL, -- Since 1970.
    call_id       TEXT NOT NULL,    -- This and what follows: its dialog.
    local_tag     TEXT NOT NULL,
    remote_tag    TEXT NOT NULL,
    local_uri     TEXT NOT NULL,
    remote_uri    TEXT NOT NULL,
    remote_target TEXT NOT NULL,
    route_set     TEXT NOT NULL,    -- A line for each.
    local_cseq    INTEGER NOT NULL,
    remote_cseq   INTEGER NOT NULL
) STRICT;

-- What devices have said of their owners (presence/publications.hpp).
CREATE TABLE publication (
    tag      TEXT PRIMARY KEY,
    resource TEXT NOT NULL,
    body     TEXT NOT NULL,
    expires  INTEGER NOT NULL -- Microseconds since 1970.
) STRICT;
