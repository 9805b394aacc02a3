-- A cart may extend its hold, but not for ever: `longest` counts from when it first had the number,
-- and letting the hold lapse does not begin it anew before `rest` has passed.

-- Whether another cart has a number now, or an order does: what a search shows to everybody anyhow.
create function held_by_another(number text, for_cart uuid, moment timestamptz)
returns boolean language sql stable security definer set search_path = public as $$
    select exists (
        select from holds
        where e164 = number and cart_id is distinct from for_cart and (order_id is not null or expires_at > moment))
$$;

-- Takes the hold of a number for a cart, or extends the cart's own, and says when it ends; null
-- when somebody else has it. An end that is past says that this tenant has had its hour.
-- Whoever comes too late is told so without waiting for the row's lock.
create function hold_number(number text, at_carrier text, for_tenant uuid, for_cart uuid, moment timestamptz,
    until timestamptz, longest interval, rest interval)
returns timestamptz language plpgsql security definer set search_path = public as $$
declare ends timestamptz;
begin
    if current_tenant() is distinct from for_tenant then
        raise exception 'a hold is taken for the tenant of the transaction' using errcode = 'insufficient_privilege';
    end if;
    if held_by_another(number, for_cart, moment) then
        return null;
    end if;
    insert into holds as h (e164, carrier, tenant_id, cart_id, held_at, expires_at)
    values (number, at_carrier, for_tenant, for_cart, moment, until)
    on conflict (e164) do update
        set carrier = excluded.carrier, tenant_id = excluded.tenant_id, cart_id = excluded.cart_id,
            carrier_hold_id = case when h.cart_id = excluded.cart_id then h.carrier_hold_id end,
            carrier_hold_expires_at = case when h.cart_id = excluded.cart_id then h.carrier_hold_expires_at end,
            held_at = case when h.tenant_id = excluded.tenant_id and h.expires_at > moment - rest
                then h.held_at else excluded.held_at end,
            expires_at = case when h.tenant_id = excluded.tenant_id and h.expires_at > moment - rest
                then least(excluded.expires_at, h.held_at + longest) else excluded.expires_at end
        where h.order_id is null and (h.expires_at <= moment or h.cart_id = excluded.cart_id)
    returning h.expires_at into ends;
    return ends;
end $$;

revoke all on function held_by_another, hold_number from public;
grant execute on function held_by_another, hold_number to voxlink_app, voxlink_platform;
