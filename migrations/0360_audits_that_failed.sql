-- A comparison with a carrier that could not be made: the last try and its reason, until one can. A
-- table of its own, because servers of before read `inventory_audits` as comparisons that were made.
create table inventory_audit_failures (
    carrier text primary key,
    -- in the carrier's words
    reason text not null,
    tried_at timestamptz not null
);
call guard_for_platform('inventory_audit_failures', '');
