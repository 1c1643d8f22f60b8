-- What is done to the sound of who speaks in a room: names as on the command line, separated by commas.
ALTER TABLE room ADD COLUMN sound TEXT NOT NULL DEFAULT '';
