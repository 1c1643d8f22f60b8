-- What members keep here by XCAP or by the command line (presence/xcap_server.hpp): their lists,
-- services, and whom they allow to see what of them.
CREATE TABLE xcap_document (
    auid    TEXT NOT NULL,    -- What kind: "pres-rules".
    owner   TEXT NOT NULL REFERENCES user(name) ON DELETE CASCADE,
    body    TEXT NOT NULL,    -- Empty: there is none.
    changed INTEGER NOT NULL, -- Counts the changes of all.
    PRIMARY KEY (auid, owner)
) STRICT;
CREATE INDEX xcap_document_changed ON xcap_document (changed);
INSERT INTO xcap_document SELECT 'pres-rules', owner, body, changed FROM presence_rules;
DROP TABLE presence_rules;
