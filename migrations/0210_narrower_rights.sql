-- What the application role could do and never needed.

-- The audit chain is written by one function with the owner's rights, so the wall between tenants
-- does not stand before it: it looks for itself. Work of a tenant tells its own chain only.
alter function append_audit(uuid, timestamptz, text, uuid, text, text, text, jsonb, jsonb, text, inet, text, text, text, boolean, text)
    rename to append_audit_unchecked;
revoke all on function append_audit_unchecked from public, voxlink_app, voxlink_platform;

create function append_audit(row_tenant uuid, moment timestamptz, row_actor text, row_actor_user uuid, row_action text,
    row_resource text, row_resource_id text, old_doc jsonb, new_doc jsonb, row_reason text, row_ip inet,
    row_user_agent text, row_request_id text, row_endpoint text, row_success boolean, row_error text)
returns bigint language plpgsql security definer set search_path = public as $$
begin
    -- The platform role works without a tenant; the application role cannot see a row without one.
    if current_setting('role') = 'voxlink_app' and current_tenant() is distinct from row_tenant then
        raise exception 'the audit chain of another tenant' using errcode = 'insufficient_privilege';
    end if;
    return append_audit_unchecked(row_tenant, moment, row_actor, row_actor_user, row_action, row_resource,
        row_resource_id, old_doc, new_doc, row_reason, row_ip, row_user_agent, row_request_id, row_endpoint,
        row_success, row_error);
end $$;
revoke all on function append_audit from public;
grant execute on function append_audit to voxlink_app, voxlink_platform;

-- A customer's order counts a redemption; what a promotion is worth is not a customer's to say.
revoke update on promotions from voxlink_app;
grant update (redemptions) on promotions to voxlink_app;
