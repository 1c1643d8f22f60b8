-- The groups of members that the organisation has: "7b", "staff" (server/routing/groups.hpp).
CREATE TABLE member_group (
    name TEXT PRIMARY KEY
) STRICT;
CREATE TABLE group_member (
    "group" TEXT NOT NULL REFERENCES member_group(name) ON DELETE CASCADE,
    user    TEXT NOT NULL REFERENCES user(name) ON DELETE CASCADE,
    PRIMARY KEY ("group", user)
) STRICT;

-- A subscription to a list (RFC 4662): a line for each URI that it brought, '' for one of ours;
-- NULL for anything else.
ALTER TABLE subscription ADD COLUMN list TEXT;
