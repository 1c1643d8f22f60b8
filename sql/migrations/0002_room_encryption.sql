-- Whether the media of a room is encrypted: never, whenever the participant can, or always.
ALTER TABLE room ADD COLUMN encryption TEXT NOT NULL DEFAULT 'preferred'
    CHECK (encryption IN ('off', 'preferred', 'required'));
