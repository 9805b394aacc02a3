-- An order does not begin the hour of a hold anew: what is called off is remembered as held since
-- the cart first had it.

-- Takes the number for the order that a cart becomes, in the order's own transaction. True when it
-- is the cart's now. `held_at` stays, unless the tenant's hold ended before `rested`. An order's
-- hold has no end of its own (`order_id` keeps it); `expires_at` says until when the cart had it.
drop function take_hold(text, text, uuid, uuid, timestamptz, timestamptz);
create function take_hold(number text, at_carrier text, for_tenant uuid, for_cart uuid, moment timestamptz, rested timestamptz)
returns boolean language plpgsql security definer set search_path = public as $$
declare winner uuid;
begin
    if current_tenant() is distinct from for_tenant then
        raise exception 'a hold is taken for the tenant of the transaction' using errcode = 'insufficient_privilege';
    end if;
    insert into holds as h (e164, carrier, tenant_id, cart_id, held_at, expires_at)
    values (number, at_carrier, for_tenant, for_cart, moment, moment)
    on conflict (e164) do update
        set carrier = excluded.carrier, tenant_id = excluded.tenant_id, cart_id = excluded.cart_id,
            carrier_hold_id = case when h.cart_id = excluded.cart_id then h.carrier_hold_id end,
            carrier_hold_expires_at = case when h.cart_id = excluded.cart_id then h.carrier_hold_expires_at end,
            held_at = case when h.tenant_id = excluded.tenant_id and h.expires_at > rested
                then h.held_at else excluded.held_at end,
            expires_at = greatest(h.expires_at, excluded.expires_at)
        where h.order_id is null and (h.expires_at <= moment or h.cart_id = excluded.cart_id)
    returning h.cart_id into winner;
    return winner is not null;
end $$;
revoke all on function take_hold from public;
grant execute on function take_hold to voxlink_app, voxlink_platform;
