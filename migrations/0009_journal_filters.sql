-- For the audit log, which is filtered by who and by what, newest first. A range of time is turned into a range
-- of positions, so it needs no index of its own.
create index journal_by_actor on journal (actor, position);
create index journal_by_action on journal (action, position);
