-- How a call was heard, and what somebody needs who looks for what was wrong.
-- See server/records/heard.hpp.
ALTER TABLE call_record ADD COLUMN level_db INTEGER NOT NULL DEFAULT -127;
ALTER TABLE call_record ADD COLUMN packets INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call_record ADD COLUMN announced TEXT NOT NULL DEFAULT '';
ALTER TABLE call_record ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE call_record ADD COLUMN codec TEXT NOT NULL DEFAULT '';
ALTER TABLE call_record ADD COLUMN encrypted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call_record ADD COLUMN course TEXT NOT NULL DEFAULT ''; -- Five numbers a stretch.
