-- The negative control of the chaos test: a count of units that is read and then written, as naive code
-- does. No check, no lock, no journal, and no other table knows of it. A row lives as long as its run.
create table chaos_unguarded (
    run_id uuid not null,
    units bigint not null,
    created_at timestamptz not null,
    constraint chaos_unguarded_pk primary key (run_id)
);
