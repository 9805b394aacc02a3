-- A sheet that was looked at and not started can be thrown away: it is listed no more. Its audit rows
-- name it, so it stays.
alter table bulk_sheets add column discarded_at timestamptz;
alter table bulk_sheets add constraint bulk_sheets_discarded_never_ran
    check (discarded_at is null or started_at is null);
