-- A sheet that was looked at and not started can be thrown away: it is listed no more. Its audit rows
-- name it, so it stays.
alter table bulk_sheets add column discarded_at timestamptz;
alter table bulk_sheets add constraint bulk_sheets_discarded_never_ran
    check (discarded_at is null or started_at is null);

-- A row that describes what it wants moves on to the next match when a carrier does not sell: how often
-- it did, which numbers it passes over since, and who refused.
alter table bulk_sheet_rows add column tries integer not null default 0;
alter table bulk_sheet_rows add column passed_over text[] not null default '{}';
alter table bulk_sheet_rows add column refused_by text[] not null default '{}';
