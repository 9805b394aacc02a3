-- What is ours is compared with what the carriers say is ours, and the differences are kept until
-- somebody settles them. Staff only: a customer's page shows neither side's books.

-- What was last agreed with the carrier about a number, once a difference was applied: the carrier
-- shows it as inactive, or not at all.
alter table inventory add column at_carrier text not null default 'active'
    check (at_carrier in ('active', 'inactive', 'missing'));

create table inventory_audits (
    id uuid primary key,
    carrier text not null references carriers,
    -- null: all accounts
    holder_id uuid references tenants,
    actor text not null,
    -- numbers compared: with us, and at the carrier
    here integer not null check (here >= 0),
    there integer not null check (there >= 0),
    differences integer not null check (differences >= 0),
    -- true when the carrier told its prices, so that they could be compared
    priced boolean not null,
    started_at timestamptz not null,
    finished_at timestamptz not null
);
create index inventory_audits_carrier on inventory_audits (carrier, finished_at desc);

-- One difference. What it is about is a number, or for prices a country and kind (`US local`).
create table inventory_drift (
    id uuid primary key,
    -- the last audit that saw it
    audit_id uuid not null references inventory_audits,
    carrier text not null references carriers,
    subject text not null,
    kind text not null check (kind in ('missing_there', 'missing_here', 'status', 'callbacks', 'price')),
    holder_id uuid references tenants,
    subscription_id uuid references subscriptions,
    -- both sides, as they were seen last
    here jsonb not null,
    there jsonb not null,
    -- open → applied | ignored | gone (the next audit no longer saw it); rolling back opens it again
    state text not null default 'open' check (state in ('open', 'applied', 'ignored', 'gone')),
    -- what was done, and what stood here before: the way back
    remedy text,
    before jsonb,
    reason text,
    decided_by text,
    decided_at timestamptz,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    constraint inventory_drift_decided check (state not in ('applied', 'ignored') or decided_at is not null),
    constraint inventory_drift_ignored_has_reason check (state <> 'ignored' or reason is not null)
);
-- A difference that waits, or that somebody chose to live with, is one row however often it is seen.
create unique index inventory_drift_standing on inventory_drift (carrier, subject, kind) where state in ('open', 'ignored');
create index inventory_drift_list on inventory_drift (state, last_seen_at desc);
create index inventory_drift_audit on inventory_drift (audit_id);
create index inventory_drift_subscription on inventory_drift (subscription_id) where subscription_id is not null;

call guard_for_platform('inventory_audits', '');
call guard_for_platform('inventory_drift', '');

-- When the carrier was asked whether a number that was refused was sold to us after all: an orphan
-- is bought and written down nowhere.
alter table order_items add column orphan_checked_at timestamptz;
create index order_items_unchecked on order_items (updated_at)
    where step = 'released' and attempts > 0 and orphan_checked_at is null;
-- What was refused before there was such a question is not asked about.
update order_items set orphan_checked_at = now() where step = 'released';
