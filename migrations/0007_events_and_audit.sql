-- Webhooks in and out, notifications, idempotency, the audit chain, jobs.

-- What carriers and processors told us, raw, once each.
create table inbound_events (
    id uuid primary key,
    source text not null,
    event_id text not null,
    kind text not null,
    headers jsonb not null default '{}',
    body bytea not null,
    received_at timestamptz not null,
    processed_at timestamptz,
    attempts integer not null default 0,
    error text,
    constraint inbound_events_once unique (source, event_id)
);
create index inbound_events_open on inbound_events (received_at) where processed_at is null;

create table webhook_endpoints (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    url text not null,
    events text[] not null check (array_length(events, 1) >= 1),
    secret_sealed bytea not null,
    description text,
    is_active boolean not null default true,
    disabled_reason text,
    retry_policy jsonb not null default '{}',
    timeout_seconds integer not null default 15 check (timeout_seconds between 1 and 30),
    failing_since timestamptz,
    last_delivery_at timestamptz,
    last_status text,
    delivery_count bigint not null default 0,
    failure_count bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index webhook_endpoints_tenant on webhook_endpoints (tenant_id) where is_active;
create trigger touch before update on webhook_endpoints for each row execute function touch_updated_at();

create table webhook_deliveries (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    webhook_endpoint_id uuid not null references webhook_endpoints,
    event text not null,
    event_id uuid not null,
    payload jsonb not null,
    state text not null default 'pending' check (state in ('pending', 'delivered', 'failed', 'retrying', 'abandoned')),
    attempts integer not null default 0,
    next_attempt_at timestamptz,
    http_status integer,
    response_excerpt text,
    error text,
    delivered_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint webhook_deliveries_once unique (webhook_endpoint_id, event_id)
);
create index webhook_deliveries_due on webhook_deliveries (next_attempt_at) where state in ('pending', 'retrying');
create index webhook_deliveries_endpoint on webhook_deliveries (webhook_endpoint_id, created_at desc);
create index webhook_deliveries_tenant on webhook_deliveries (tenant_id);
create trigger touch before update on webhook_deliveries for each row execute function touch_updated_at();

create table notifications (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    user_id uuid not null references users,
    kind text not null check (kind in ('system', 'billing', 'call', 'message', 'security', 'marketing', 'support')),
    priority text not null default 'medium' check (priority in ('low', 'medium', 'high', 'urgent')),
    title text not null,
    message text not null,
    channels text[] not null default array['in_app'] check (channels <@ array['email', 'sms', 'push', 'in_app', 'webhook']),
    category text,
    action_url text,
    action_text text,
    metadata jsonb not null default '{}',
    -- one notification per fact: "order:…:completed"
    dedupe_key text unique,
    scheduled_for timestamptz,
    delivered_at timestamptz,
    read_at timestamptz,
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index notifications_unread on notifications (user_id, created_at desc) where read_at is null;
create index notifications_tenant on notifications (tenant_id);
create index notifications_scheduled on notifications (scheduled_for) where delivered_at is null;
create trigger touch before update on notifications for each row execute function touch_updated_at();

-- The first answer to a state-changing request, replayed to its repeats for 72 hours.
create table idempotency_keys (
    tenant_id uuid not null references tenants,
    key text not null check (length(key) between 8 and 255),
    route text not null,
    request_hash bytea not null,
    -- null while the first request runs: a twin gets 409
    response_status integer,
    response_body bytea,
    response_location text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, key)
);
create index idempotency_keys_expiry on idempotency_keys (expires_at);

-- The audit log: append-only, a hash chain per tenant (the nil tenant is the installation's).
create table audit_log (
    tenant_id uuid not null,
    seq bigint not null,
    occurred_at timestamptz not null,
    -- "user:usr_…", "system:worker", "carrier:local"
    actor text not null,
    actor_user_id uuid,
    -- "number.release", "order.place", "session.create"
    action text not null,
    resource text not null,
    resource_id text,
    old_values jsonb,
    new_values jsonb,
    reason text,
    ip inet,
    user_agent text,
    request_id text,
    endpoint text,
    success boolean not null default true,
    error text,
    previous_hash bytea not null,
    hash bytea not null,
    primary key (tenant_id, seq)
);
create index audit_log_when on audit_log (occurred_at desc);
create index audit_log_tenant_when on audit_log (tenant_id, occurred_at desc);
create index audit_log_actor on audit_log (actor_user_id, occurred_at desc);
create index audit_log_resource on audit_log (resource, resource_id);
create index audit_log_action on audit_log (action);

create table audit_heads (
    tenant_id uuid primary key,
    seq bigint not null,
    hash bytea not null
);

-- The bytes a row's hash covers. jsonb prints one canonical text, so the chain can be computed
-- again by anyone who can read the rows.
create function audit_digest(previous bytea, row_tenant uuid, row_seq bigint, moment timestamptz, row_actor text,
    row_action text, row_resource text, row_resource_id text, old_doc jsonb, new_doc jsonb, row_reason text,
    row_ip inet, row_request_id text, row_success boolean, row_error text)
returns bytea language sql immutable as $$
    select sha256(previous || convert_to(jsonb_build_array(
        row_tenant, row_seq, extract(epoch from moment)::text, row_actor, row_action, row_resource, row_resource_id,
        old_doc, new_doc, row_reason, host(row_ip), row_request_id, row_success, row_error)::text, 'UTF8'))
$$;

-- The only way in. It locks the tenant's head until the transaction ends, so call it late.
create function append_audit(row_tenant uuid, moment timestamptz, row_actor text, row_actor_user uuid, row_action text,
    row_resource text, row_resource_id text, old_doc jsonb, new_doc jsonb, row_reason text, row_ip inet,
    row_user_agent text, row_request_id text, row_endpoint text, row_success boolean, row_error text)
returns bigint language plpgsql security definer set search_path = public as $$
declare
    head audit_heads%rowtype;
    digest bytea;
begin
    insert into audit_heads values (row_tenant, 0, '\x') on conflict do nothing;
    select * into head from audit_heads where tenant_id = row_tenant for update;
    digest := audit_digest(head.hash, row_tenant, head.seq + 1, moment, row_actor, row_action, row_resource,
        row_resource_id, old_doc, new_doc, row_reason, row_ip, row_request_id, row_success, row_error);
    insert into audit_log values (row_tenant, head.seq + 1, moment, row_actor, row_actor_user, row_action, row_resource,
        row_resource_id, old_doc, new_doc, row_reason, row_ip, row_user_agent, row_request_id, row_endpoint,
        row_success, row_error, head.hash, digest);
    update audit_heads set seq = head.seq + 1, hash = digest where tenant_id = row_tenant;
    return head.seq + 1;
end $$;
revoke all on function append_audit from public;
grant execute on function append_audit to voxlink_app, voxlink_platform;

-- The first broken row of a tenant's chain, or none.
create function verify_audit(of_tenant uuid) returns table (broken_seq bigint, why text)
language sql stable security definer set search_path = public as $$
    with chain as (
        select a.*, lag(a.hash, 1, '\x'::bytea) over (order by a.seq) as expected_previous,
               row_number() over (order by a.seq) as expected_seq
        from audit_log a where a.tenant_id = of_tenant
    ), judged as (
        select seq, case
            when seq <> expected_seq then 'a row is missing before it'
            when previous_hash <> expected_previous then 'it does not follow the row before it'
            when hash <> audit_digest(previous_hash, tenant_id, seq, occurred_at, actor, action, resource, resource_id,
                 old_values, new_values, reason, ip, request_id, success, error) then 'its content was changed'
        end as verdict
        from chain
    )
    (select seq, verdict from judged where verdict is not null order by seq limit 1)
    union all
    (select h.seq, 'the newest rows are missing' from audit_heads h
     where h.tenant_id = of_tenant and h.seq > coalesce((select max(seq) from chain), 0)
       and not exists (select 1 from judged where verdict is not null))
$$;
revoke all on function verify_audit from public;
grant execute on function verify_audit to voxlink_platform;

alter table audit_log enable row level security;
create policy tenant_only on audit_log for select to voxlink_app using (tenant_id = current_tenant());
create policy platform on audit_log for select to voxlink_platform using (true);
grant select on audit_log to voxlink_app, voxlink_platform;

-- Jobs live in graphile_worker's own schema, which the binary makes at its start and which only
-- the owner may touch. Enqueueing from a domain transaction goes through here: the job exists if
-- and only if the transaction commits. The body is resolved when it runs.
create function enqueue_job(task text, payload json, key text default null, due timestamptz default null, max_tries integer default 25)
returns void language plpgsql security definer set search_path = public as $$
begin
    perform graphile_worker.add_job(identifier => task, payload => payload, run_at => due,
                                    max_attempts => max_tries, job_key => key);
end $$;
revoke all on function enqueue_job from public;
grant execute on function enqueue_job to voxlink_app, voxlink_platform;

call guard_for_platform('inbound_events', '');
grant insert on inbound_events to voxlink_app;
call guard_by_tenant('webhook_endpoints', 'select, insert, update');
call guard_by_tenant('webhook_deliveries', 'select, insert, update');
call guard_by_tenant('notifications', 'select, insert, update', 'select, insert, update');
call guard_by_tenant('idempotency_keys', 'select, insert, update, delete', 'select, insert, update, delete');
