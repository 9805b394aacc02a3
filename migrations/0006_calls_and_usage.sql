-- What happened: calls, messages, usage. Partitioned by the month of occurrence, partitions made
-- ahead by a job; uniqueness stands in unpartitioned dedupe tables, because a unique key of a
-- partitioned table would have to contain the month.

create table call_keys (
    carrier text not null references carriers,
    carrier_call_id text not null,
    call_id uuid not null unique,
    tenant_id uuid not null references tenants,
    started_at timestamptz not null,
    primary key (carrier, carrier_call_id)
);

create table call_records (
    id uuid not null,
    tenant_id uuid not null references tenants,
    subscription_id uuid references subscriptions,
    campaign_id uuid references campaigns,
    carrier text not null,
    carrier_call_id text not null,
    carrier_account text,
    from_number text not null,
    from_raw text,
    to_number text not null,
    to_raw text,
    direction text not null check (direction in ('inbound', 'outbound')),
    status text not null check (status in ('initiated', 'ringing', 'answered', 'completed', 'busy', 'failed', 'no_answer', 'cancelled')),
    started_at timestamptz not null,
    answered_at timestamptz,
    ended_at timestamptz,
    duration_seconds integer check (duration_seconds >= 0),
    billable_seconds integer check (billable_seconds >= 0),
    -- what we charge, once; carrier's own charge arrives late or never
    price numeric(20, 8),
    currency char(3),
    carrier_price numeric(20, 8),
    configuration_id uuid,
    -- what was decided and why: voxlink_types::routing::Trace
    decision jsonb,
    outcome text,
    quality text check (quality in ('excellent', 'good', 'fair', 'poor', 'bad')),
    recording_url text,
    recording_id text,
    recording_seconds integer,
    transcription text,
    from_city text, from_region text, from_country text,
    to_city text, to_region text, to_country text,
    tags text[] not null default '{}',
    updated_at timestamptz not null default now(),
    primary key (id, started_at)
) partition by range (started_at);
create index call_records_tenant on call_records (tenant_id, started_at desc);
create index call_records_number on call_records (subscription_id, started_at desc);
create index call_records_analytics on call_records (tenant_id, direction, status, started_at);

create table message_keys (
    carrier text not null references carriers,
    carrier_message_id text not null,
    message_id uuid not null unique,
    tenant_id uuid not null references tenants,
    sent_at timestamptz not null,
    primary key (carrier, carrier_message_id)
);

create table message_records (
    id uuid not null,
    tenant_id uuid not null references tenants,
    subscription_id uuid references subscriptions,
    carrier text not null,
    carrier_message_id text not null,
    from_number text not null,
    to_number text not null,
    direction text not null check (direction in ('inbound', 'outbound')),
    status text not null check (status in ('queued', 'sent', 'delivered', 'received', 'failed', 'undelivered')),
    body text not null,
    media_urls text[] not null default '{}',
    segments integer,
    sent_at timestamptz not null,
    delivered_at timestamptz,
    price numeric(20, 8),
    currency char(3),
    error_code text,
    error_message text,
    updated_at timestamptz not null default now(),
    primary key (id, sent_at)
) partition by range (sent_at);
create index message_records_tenant on message_records (tenant_id, sent_at desc);
create index message_records_number on message_records (subscription_id, sent_at desc);

-- One row per thing rated, once: `source` is "call:<id>", "message:<id>", ...
create table usage_keys (
    source text primary key,
    usage_id uuid not null unique,
    tenant_id uuid not null references tenants,
    occurred_at timestamptz not null
);

create table usage_records (
    id uuid not null,
    tenant_id uuid not null references tenants,
    billing_account_id uuid not null references billing_accounts,
    kind text not null check (kind in ('voice_minutes', 'sms_message', 'mms_message', 'phone_number', 'recording_storage', 'transcription')),
    source text not null,
    subscription_id uuid references subscriptions,
    occurred_at timestamptz not null,
    raw_quantity numeric(20, 8) not null,
    quantity numeric(20, 8) not null,
    unit text not null,
    unit_price numeric(20, 8) not null,
    cost numeric(20, 8) not null,
    currency char(3) not null,
    state text not null default 'final' check (state in ('provisional', 'final')),
    -- price book, increments, raw and billed seconds, rounding: enough to compute it again
    derivation jsonb not null,
    -- the invoice that took it up; late ones go to the next
    invoice_id uuid references invoices,
    created_at timestamptz not null default now(),
    primary key (id, occurred_at)
) partition by range (occurred_at);
create index usage_records_billing on usage_records (billing_account_id, occurred_at, kind);
create index usage_records_tenant on usage_records (tenant_id, occurred_at desc);
create index usage_records_uninvoiced on usage_records (billing_account_id, occurred_at) where invoice_id is null;

-- Makes the partitions of one month for every partitioned table; harmless to repeat.
create function make_month_partitions(month date) returns void language plpgsql security definer set search_path = public as $$
declare
    parent text;
    child text;
    lower_bound timestamptz := date_trunc('month', month::timestamp) at time zone 'UTC';
    upper_bound timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') at time zone 'UTC';
begin
    foreach parent in array array['call_records', 'message_records', 'usage_records'] loop
        child := parent || '_' || to_char(month, 'YYYY_MM');
        if to_regclass(child) is null then
            execute format('create table if not exists %I partition of %I for values from (%L) to (%L)',
                           child, parent, lower_bound, upper_bound);
        end if;
    end loop;
end $$;
revoke all on function make_month_partitions from public;
grant execute on function make_month_partitions to voxlink_platform;

-- A year back (imports) and three months ahead; the job keeps three months ahead.
select make_month_partitions((date_trunc('month', now()) + make_interval(months => n))::date)
from generate_series(-12, 3) n;

call guard_by_tenant('call_keys', 'select, insert');
call guard_by_tenant('call_records', 'select, insert, update');
call guard_by_tenant('message_keys', 'select, insert');
call guard_by_tenant('message_records', 'select, insert, update');
call guard_by_tenant('usage_keys', 'select, insert');
call guard_by_tenant('usage_records', 'select, insert', 'select, insert, update');
