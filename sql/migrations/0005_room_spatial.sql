-- Whether voices come from where their owners are, for games.
ALTER TABLE room ADD COLUMN spatial INTEGER NOT NULL DEFAULT 0 CHECK (spatial IN (0, 1));
