-- The rules of rooms (server/focus/policy.hpp): what is set for the organisation (no room) or a
-- room, for everybody (no role) or a role. What is not here has its default.
CREATE TABLE policy (
    room  TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    role  TEXT NOT NULL DEFAULT '' CHECK (role IN ('', 'host', 'speaker', 'listener')),
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (room, role, name)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER policy_of_room AFTER DELETE ON room BEGIN
    DELETE FROM policy WHERE room = OLD.name COLLATE NOCASE AND room <> '';
END;

-- What members are in a room whenever they come.
CREATE TABLE room_role (
    room TEXT NOT NULL COLLATE NOCASE REFERENCES room(name) ON DELETE CASCADE,
    user TEXT NOT NULL REFERENCES user(name) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('host', 'speaker', 'listener')),
    PRIMARY KEY (room, user)
) STRICT, WITHOUT ROWID;

-- Who did what to whom in a room, and what came of it. Times are microseconds since 1970.
CREATE TABLE room_action (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    room    TEXT NOT NULL,
    who     TEXT NOT NULL,
    way     TEXT NOT NULL,
    action  TEXT NOT NULL,
    whom    TEXT NOT NULL,
    detail  TEXT NOT NULL,
    refused TEXT NOT NULL
) STRICT;

INSERT INTO policy (room, role, name, value)
    SELECT name, '', 'participants-max', CAST(participants_max AS TEXT) FROM room
    WHERE participants_max <> 5000;
ALTER TABLE room DROP COLUMN participants_max;

-- The language that rooms speak to a member in; '': the room's.
ALTER TABLE user ADD COLUMN language TEXT NOT NULL DEFAULT ''
    CHECK (language IN ('', 'en', 'de', 'es'));
