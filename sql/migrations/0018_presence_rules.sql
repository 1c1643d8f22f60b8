-- What members allow whom to see of them: documents of RFC 5025.
CREATE TABLE presence_rules (
    owner   TEXT PRIMARY KEY REFERENCES user(name) ON DELETE CASCADE,
    body    TEXT NOT NULL,   -- Empty: the policy for all holds.
    changed INTEGER NOT NULL -- Counts the changes of all.
) STRICT;
CREATE INDEX presence_rules_changed ON presence_rules (changed);
