-- The timetable: what is on each week (server/events/timetable.hpp).
CREATE TABLE lesson (
    id      INTEGER PRIMARY KEY,
    title   TEXT NOT NULL,
    "group" TEXT NOT NULL,    -- Who is in it; any of these three may be ''.
    teacher TEXT NOT NULL,
    room    TEXT NOT NULL,
    days    INTEGER NOT NULL CHECK (days BETWEEN 1 AND 127), -- 1: on Mondays, 2: on Tuesdays…
    "from"  INTEGER NOT NULL, -- Minutes of the day, where the server stands.
    until   INTEGER NOT NULL CHECK (until > "from" AND until <= 1440)
) STRICT;
