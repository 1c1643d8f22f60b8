-- Counts what is written about names: rooms, users and their passwords, where they are found, the
-- dial plan. So the server sees by one look that nothing has changed (server/store/remembered.hpp).
CREATE TABLE directory (changes INTEGER NOT NULL) STRICT;
INSERT INTO directory VALUES (0);

CREATE TRIGGER room_made AFTER INSERT ON room BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER room_gone AFTER DELETE ON room BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER room_named AFTER UPDATE OF name ON room BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER user_made AFTER INSERT ON user BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER user_gone AFTER DELETE ON user BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER user_changed AFTER UPDATE ON user BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER alias_made AFTER INSERT ON alias BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER alias_gone AFTER DELETE ON alias BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER alias_changed AFTER UPDATE ON alias BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER forwarding_made AFTER INSERT ON forwarding BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER forwarding_gone AFTER DELETE ON forwarding BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER forwarding_changed AFTER UPDATE ON forwarding BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER find_step_made AFTER INSERT ON find_step BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER find_step_gone AFTER DELETE ON find_step BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER find_step_changed AFTER UPDATE ON find_step BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER number_route_made AFTER INSERT ON number_route BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER number_route_gone AFTER DELETE ON number_route BEGIN UPDATE directory SET changes = changes + 1; END;
CREATE TRIGGER number_route_changed AFTER UPDATE ON number_route BEGIN UPDATE directory SET changes = changes + 1; END;
