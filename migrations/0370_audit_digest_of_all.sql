-- The first digest left out who acted (as a user), with what and where: they could be changed unseen.
-- What was written before keeps its digest; new rows have one of everything.
alter table audit_log add column digest_version smallint not null default 1;

-- The bytes a row's hash covers since: every column. The documents go in as their text, so that none
-- (null) is not taken for a JSON null, and the address with its mask.
create function audit_digest_2(previous bytea, row_tenant uuid, row_seq bigint, moment timestamptz, row_actor text,
    row_actor_user uuid, row_action text, row_resource text, row_resource_id text, old_doc jsonb, new_doc jsonb,
    row_reason text, row_ip inet, row_user_agent text, row_request_id text, row_endpoint text, row_success boolean,
    row_error text)
returns bytea language sql immutable as $$
    select sha256(previous || convert_to(jsonb_build_array(
        2, row_tenant, row_seq, extract(epoch from moment)::text, row_actor, row_actor_user, row_action, row_resource,
        row_resource_id, old_doc::text, new_doc::text, row_reason, row_ip::text, row_user_agent, row_request_id,
        row_endpoint, row_success, row_error)::text, 'UTF8'))
$$;

create or replace function append_audit_unchecked(row_tenant uuid, moment timestamptz, row_actor text,
    row_actor_user uuid, row_action text, row_resource text, row_resource_id text, old_doc jsonb, new_doc jsonb,
    row_reason text, row_ip inet, row_user_agent text, row_request_id text, row_endpoint text, row_success boolean,
    row_error text)
returns bigint language plpgsql security definer set search_path = public as $$
declare
    head audit_heads%rowtype;
    digest bytea;
begin
    insert into audit_heads values (row_tenant, 0, '\x') on conflict do nothing;
    select * into head from audit_heads where tenant_id = row_tenant for update;
    digest := audit_digest_2(head.hash, row_tenant, head.seq + 1, moment, row_actor, row_actor_user, row_action,
        row_resource, row_resource_id, old_doc, new_doc, row_reason, row_ip, row_user_agent, row_request_id,
        row_endpoint, row_success, row_error);
    insert into audit_log (tenant_id, seq, occurred_at, actor, actor_user_id, action, resource, resource_id,
        old_values, new_values, reason, ip, user_agent, request_id, endpoint, success, error, previous_hash, hash,
        digest_version)
    values (row_tenant, head.seq + 1, moment, row_actor, row_actor_user, row_action, row_resource, row_resource_id,
        old_doc, new_doc, row_reason, row_ip, row_user_agent, row_request_id, row_endpoint, row_success, row_error,
        head.hash, digest, 2);
    update audit_heads set seq = head.seq + 1, hash = digest where tenant_id = row_tenant;
    return head.seq + 1;
end $$;
revoke all on function append_audit_unchecked from public, voxlink_app, voxlink_platform;

-- The first broken row of a tenant's chain, or none. Each row is judged by the digest it names; one that
-- is not known makes none.
create or replace function verify_audit(of_tenant uuid) returns table (broken_seq bigint, why text)
language sql stable security definer set search_path = public as $$
    with chain as (
        select a.*, lag(a.hash, 1, '\x'::bytea) over (order by a.seq) as expected_previous,
               row_number() over (order by a.seq) as expected_seq
        from audit_log a where a.tenant_id = of_tenant
    ), judged as (
        select seq, case
            when seq <> expected_seq then 'a row is missing before it'
            when previous_hash <> expected_previous then 'it does not follow the row before it'
            when hash is distinct from case digest_version
                when 1 then audit_digest(previous_hash, tenant_id, seq, occurred_at, actor, action, resource,
                    resource_id, old_values, new_values, reason, ip, request_id, success, error)
                when 2 then audit_digest_2(previous_hash, tenant_id, seq, occurred_at, actor, actor_user_id, action,
                    resource, resource_id, old_values, new_values, reason, ip, user_agent, request_id, endpoint,
                    success, error)
                end then 'its content was changed'
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
