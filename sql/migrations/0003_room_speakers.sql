-- How many are heard at once, the loudest of those who speak.
ALTER TABLE room ADD COLUMN speakers_max INTEGER NOT NULL DEFAULT 8
    CHECK (speakers_max BETWEEN 1 AND 100);
