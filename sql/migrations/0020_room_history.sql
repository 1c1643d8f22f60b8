-- How many of the messages to a room are told to who comes later; they are not kept on disk.
ALTER TABLE room ADD COLUMN history INTEGER NOT NULL DEFAULT 0 CHECK (history BETWEEN 0 AND 100);
