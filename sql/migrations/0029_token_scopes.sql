-- What of the API a token is for: the first parts of paths, with spaces between; '': everything.
ALTER TABLE ticket ADD COLUMN scopes TEXT NOT NULL DEFAULT '';
