-- Keys that devices hold for who may use the dashboard (webadmin/passkey.hpp).
CREATE TABLE passkey (
    id        TEXT PRIMARY KEY, -- As the device calls it, in base64url.
    account   TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    name      TEXT NOT NULL,    -- As he calls it.
    algorithm INTEGER NOT NULL, -- Of COSE.
    key       TEXT NOT NULL,    -- Public, in hexadecimal digits.
    counter   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passkey_account ON passkey (account);
