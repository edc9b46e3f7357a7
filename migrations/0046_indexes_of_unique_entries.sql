-- No two entries of these indexes are equal, since each ends in something unique: there is nothing to make smaller, and
-- it would be tried whenever a page is full.
alter index journal_by_subject set (deduplicate_items = off);
alter index journal_by_actor set (deduplicate_items = off);
alter index journal_by_action set (deduplicate_items = off);
alter index reservations_by_status set (deduplicate_items = off);
alter index reservations_by_owner set (deduplicate_items = off);
