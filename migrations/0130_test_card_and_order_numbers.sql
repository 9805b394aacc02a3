-- Order numbers, and the test card processor: a processor of its own that happens to live in the
-- same database. It has a role, a schema and books; VoxLink reaches it only through the
-- `PaymentProcessor` trait and its webhooks, like every other processor.

-- VL-2026-000123: unique and rising; gaps say nothing.
create sequence order_numbers;
grant usage on sequence order_numbers to voxlink_app, voxlink_platform;

do $$
begin
    begin
        create role voxlink_test_card nologin;
    exception when duplicate_object or unique_violation then null;
    end;
    begin
        grant voxlink_test_card to current_user;
    exception when others then
        if not pg_has_role(current_user, 'voxlink_test_card', 'member') then raise; end if;
    end;
end $$;

create schema test_card;
grant usage on schema test_card to voxlink_test_card;

-- The key its webhooks are signed with, made once by whoever comes first.
create table test_card.signing_key (
    id boolean primary key default true check (id),
    secret bytea not null check (length(secret) = 32)
);

create table test_card.payments (
    id text primary key,
    -- the merchant's idempotency key of the opening
    key uuid not null unique,
    reference text not null,
    amount_minor bigint not null check (amount_minor > 0),
    currency char(3) not null,
    description text not null,
    return_url text not null,
    authorise_only boolean not null,
    state text not null default 'open' check (state in
        ('open', 'challenged', 'authorised', 'captured', 'declined', 'cancelled')),
    captured_minor bigint not null default 0 check (captured_minor between 0 and amount_minor),
    refunded_minor bigint not null default 0 check (refunded_minor between 0 and captured_minor),
    -- of the card only this is kept
    brand text,
    last4 char(4) check (last4 ~ '^\d{4}$'),
    decline_code text,
    decline_reason text,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- What was done by whom, once per key: a repeated capture, void or refund finds itself here.
create table test_card.acts (
    key uuid not null,
    payment_id text not null references test_card.payments,
    kind text not null check (kind in ('capture', 'void', 'refund')),
    amount_minor bigint not null check (amount_minor >= 0),
    made_at timestamptz not null,
    primary key (key, kind)
);

-- Webhooks to the merchant, sent until one is taken.
create table test_card.events (
    id text primary key,
    payment_id text not null references test_card.payments,
    kind text not null,
    attempts integer not null default 0,
    next_attempt_at timestamptz not null,
    delivered_at timestamptz,
    last_error text,
    created_at timestamptz not null
);
create index events_due on test_card.events (next_attempt_at) where delivered_at is null;

grant select, insert, update on all tables in schema test_card to voxlink_test_card;
