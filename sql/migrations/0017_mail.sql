-- Messages for members who were not there (presence/mailbox.hpp).
CREATE TABLE mail (
    id        INTEGER PRIMARY KEY,
    recipient TEXT NOT NULL,
    request   TEXT NOT NULL,   -- The MESSAGE as it came, octet for octet.
    received  INTEGER NOT NULL -- Microseconds since 1970.
) STRICT;
