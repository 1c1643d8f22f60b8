-- Whoever wants his quiet: his devices do not ring.
ALTER TABLE user ADD COLUMN do_not_disturb INTEGER NOT NULL DEFAULT 0
    CHECK (do_not_disturb IN (0, 1));
