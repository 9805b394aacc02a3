-- Orders that take all or nothing, sums that stayed owed after a card was refused, and how often
-- an account may use a promotion.

-- A number of an order that wants all, or at least so many, is `secured` at the carrier until the
-- whole order is decided: then it is recorded and charged (`bought`), or given back (`released`).
alter table order_items drop constraint order_items_step_check;
alter table order_items add constraint order_items_step check (step in
    ('waiting', 'buying', 'unknown', 'secured', 'bought', 'done', 'failed', 'released'));
-- what the carrier told of a secured number: voxlink_gateways::carrier::OwnedNumber
alter table order_items add column owned jsonb;
alter table order_items add constraint order_items_secured_is_known check (step <> 'secured' or owned is not null);

alter table orders add constraint orders_minimum check (
    (strategy = 'at_least') = (strategy_minimum is not null) and coalesce(strategy_minimum, 1) >= 1);

-- `due`: another card pays what an order's own card was refused for
alter table payments drop constraint payments_purpose_check;
alter table payments add constraint payments_purpose check (purpose in ('top_up', 'order', 'invoice', 'due'));

-- What an order still owes: its numbers were had, its card was then refused. Dunning works on it.
create table order_dues (
    order_id uuid primary key references orders,
    tenant_id uuid not null references tenants,
    amount_minor bigint not null check (amount_minor > 0),
    currency char(3) not null,
    opened_at timestamptz not null,
    -- the next try to collect it, and reminder
    next_attempt_at timestamptz not null,
    reminders integer not null default 0 check (reminders >= 0),
    paid_at timestamptz,
    paid_from text check (paid_from in ('card', 'credit')),
    updated_at timestamptz not null default now(),
    constraint order_dues_paid_from_something check ((paid_at is null) = (paid_from is null))
);
create index order_dues_open on order_dues (next_attempt_at) where paid_at is null;
create index order_dues_tenant on order_dues (tenant_id) where paid_at is null;
create trigger touch before update on order_dues for each row execute function touch_updated_at();
call guard_by_tenant('order_dues', 'select, insert, update');

alter table promotions add column max_per_account integer check (max_per_account > 0);
