-- For the audit log, which is filtered by who and by what, newest first. A range of time is read by blocks:
-- entries lie about in the order of their time.
create index journal_by_actor on journal (actor, position);
create index journal_by_action on journal (action, position);
create index journal_by_time on journal using brin (at);
