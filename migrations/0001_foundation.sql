-- Roles and the few functions that every later migration leans on.
--
-- The binary connects with the login of DATABASE_URL and then takes one of two roles:
--   voxlink_app       the tenant's work; row-level security shows it one tenant only
--   voxlink_platform  the installation's work: sign-in, worker, administrators
-- Neither owns a table, so neither can turn the security off, and neither may update or delete
-- in the journal or the audit log. Roles belong to the cluster, so several databases of one
-- cluster may run this at once: hence the handlers.
do $$
declare wanted text;
begin
    foreach wanted in array array['voxlink_app', 'voxlink_platform'] loop
        begin
            execute format('create role %I nologin', wanted);
        exception when duplicate_object or unique_violation then null;
        end;
        begin
            execute format('grant %I to current_user', wanted);
        exception when others then
            -- A concurrent grant of the same membership ends in "tuple concurrently updated".
            if not pg_has_role(current_user, wanted, 'member') then raise; end if;
        end;
    end loop;
end $$;

grant usage on schema public to voxlink_app, voxlink_platform;

-- The tenant of the running transaction, set by `Ctx` with SET LOCAL; null shows no row at all.
create function current_tenant() returns uuid
language sql stable parallel safe
as $$ select nullif(current_setting('voxlink.tenant', true), '')::uuid $$;

create function touch_updated_at() returns trigger language plpgsql as $$
begin
    new.updated_at = clock_timestamp();
    return new;
end $$;

-- Turns on the second wall for a table with a tenant_id: the application role sees and writes
-- its own tenant, the platform role sees all. `rights` are the application role's verbs.
create procedure guard_by_tenant(target regclass, rights text, platform_rights text default null)
language plpgsql as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format(
        'create policy tenant_only on %s for all to voxlink_app
         using (tenant_id = current_tenant()) with check (tenant_id = current_tenant())', target);
    execute format('create policy platform on %s for all to voxlink_platform using (true) with check (true)', target);
    execute format('grant %s on %s to voxlink_app', rights, target);
    execute format('grant %s on %s to voxlink_platform', coalesce(platform_rights, rights), target);
end $$;

-- A table of the installation: no tenant, read by all, written by the platform role.
create procedure guard_for_platform(target regclass, app_rights text default 'select')
language plpgsql as $$
begin
    execute format('grant select, insert, update, delete on %s to voxlink_platform', target);
    if app_rights <> '' then
        execute format('grant %s on %s to voxlink_app', app_rights, target);
    end if;
end $$;

create extension if not exists pg_trgm;
