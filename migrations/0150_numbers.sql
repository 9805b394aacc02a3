-- Releases that can be undone, and work on many numbers at once.

-- Where undoing a release leads back to; null while no release is asked for.
alter table subscriptions add column state_before_release text
    check (state_before_release in ('active', 'suspended', 'error'));

-- One action over many numbers, asked for once, carried out row by row, kept to be looked at.
create table bulk_runs (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    user_id uuid not null references users,
    -- voxlink_domain::numbers::BulkAction
    action jsonb not null,
    total integer not null check (total >= 0),
    finished_at timestamptz,
    created_at timestamptz not null default now()
);
create index bulk_runs_tenant on bulk_runs (tenant_id, created_at desc);

create table bulk_run_rows (
    run_id uuid not null references bulk_runs,
    position integer not null,
    tenant_id uuid not null references tenants,
    subscription_id uuid not null references subscriptions,
    -- waiting → done | refused (with the sentence why)
    state text not null default 'waiting' check (state in ('waiting', 'done', 'refused')),
    message text,
    primary key (run_id, position),
    constraint bulk_run_rows_refused_has_reason check (state <> 'refused' or message is not null)
);
create index bulk_run_rows_tenant on bulk_run_rows (tenant_id);
create index bulk_run_rows_subscription on bulk_run_rows (subscription_id);

call guard_by_tenant('bulk_runs', 'select, insert, update');
call guard_by_tenant('bulk_run_rows', 'select, insert, update');
