-- Administrators may act for others: register their devices.
ALTER TABLE user ADD COLUMN role TEXT NOT NULL DEFAULT 'member'
    CHECK (role IN ('member', 'administrator'));
