-- What leads to a user, and where he is in: asked for each line of a list of people.
CREATE INDEX alias_target ON alias (target);
CREATE INDEX group_member_user ON group_member (user);
