-- The level that the stock row of an entry has since then, in columns of its own. Until now it stood among the
-- facts, as JSON, before and after, which was more than half of what they were: entries from then have no level
-- here, and read the same.
alter table journal
add column on_hand bigint,
add column reserved bigint;
