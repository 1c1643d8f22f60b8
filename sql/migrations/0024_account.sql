-- Who may use the dashboard (webadmin/backend.hpp). The password is not that of telephones, of
-- which HA1s have to be kept: it is what argon2id makes of it, or '' until one has been chosen.
CREATE TABLE account (
    name        TEXT PRIMARY KEY,
    role        TEXT NOT NULL CHECK (role IN ('administrator', 'operator', 'teacher', 'reader')),
    password    TEXT NOT NULL DEFAULT '',
    totp        TEXT NOT NULL DEFAULT '', -- Of his authenticator, in hexadecimal digits.
    totp_step   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Sessions, tokens of programs and one-time links, by the SHA-256 of what their owner says.
-- Times are microseconds since 1970.
CREATE TABLE ticket (
    id      TEXT PRIMARY KEY,
    kind    TEXT NOT NULL CHECK (kind IN ('session', 'token', 'link')),
    account TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    role    TEXT NOT NULL,
    name    TEXT NOT NULL,
    made    INTEGER NOT NULL,
    until   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
