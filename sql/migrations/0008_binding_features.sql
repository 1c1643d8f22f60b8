-- What a device says it can do: parameters of RFC 3840 as they were written.
ALTER TABLE binding ADD COLUMN features TEXT NOT NULL DEFAULT '';
