-- Work on many numbers by a sheet: each row is looked at first (the rehearsal), agreed to as a whole,
-- and then carried out in a transaction of its own.

create table bulk_sheets (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    user_id uuid not null references users,
    action text not null check (action in ('buy', 'release', 'configure', 'tag', 'assign')),
    -- rehearsing → ready → running → finished; stopped leads back to where it was
    state text not null default 'rehearsing' check (state in ('rehearsing', 'ready', 'running', 'stopped', 'finished')),
    -- the file's name
    name text not null check (length(name) between 1 and 120),
    total integer not null check (total > 0),
    currency char(3) not null,
    -- what the person agreed to pay at most
    agreed_minor bigint check (agreed_minor >= 0),
    -- why it stopped by itself
    stop_reason text,
    started_at timestamptz,
    finished_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null default now(),
    constraint bulk_sheets_finished_has_time check ((state = 'finished') = (finished_at is not null)),
    constraint bulk_sheets_running_is_agreed check (state <> 'running' or started_at is not null)
);
create index bulk_sheets_tenant on bulk_sheets (tenant_id, created_at desc);
create trigger touch before update on bulk_sheets for each row execute function touch_updated_at();

create table bulk_sheet_rows (
    sheet_id uuid not null references bulk_sheets,
    position integer not null,
    tenant_id uuid not null references tenants,
    -- its line in the file
    line integer not null,
    -- as typed, in the order of the action's columns
    cells text[] not null,
    -- waiting → ready → done, or → ordered → done; refused from anywhere, with the sentence why
    state text not null default 'waiting' check (state in ('waiting', 'ready', 'ordered', 'done', 'refused')),
    -- what it does, in words
    does text,
    message text,
    -- numbers that it would buy; once its order has ended, those it had
    numbers text[] not null default '{}',
    -- what they cost at most
    cost_minor bigint check (cost_minor >= 0),
    order_id uuid references orders,
    primary key (sheet_id, position),
    constraint bulk_sheet_rows_one_order unique (order_id),
    constraint bulk_sheet_rows_refused_has_reason check (state <> 'refused' or message is not null),
    constraint bulk_sheet_rows_ordered_has_order check (state <> 'ordered' or order_id is not null)
);
create index bulk_sheet_rows_tenant on bulk_sheet_rows (tenant_id);
create index bulk_sheet_rows_open on bulk_sheet_rows (sheet_id, position) where state in ('waiting', 'ready', 'ordered');

call guard_by_tenant('bulk_sheets', 'select, insert, update');
call guard_by_tenant('bulk_sheet_rows', 'select, insert, update');

-- A row's purchase is a cart that becomes an order in the transaction that makes it: nobody else ever
-- sees it, and the person's own open cart stays as it is.
alter table carts drop constraint carts_state_check;
alter table carts add constraint carts_state_check check (state in ('open', 'bulk', 'checked_out', 'abandoned'));
