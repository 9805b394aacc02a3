-- The price that a number is held at stands for as long as the hold does, whatever the price book
-- says meanwhile. A hold that begins anew begins at the price of then; null, as with holds that were
-- taken before, is the price in force.
alter table holds add column price_book_id uuid references price_books;

-- As before, with the price: it is kept while the cart extends a hold that still stands.
create function hold_number(number text, at_carrier text, for_tenant uuid, for_cart uuid, moment timestamptz,
    until timestamptz, longest interval, rest interval, at_price uuid)
returns timestamptz language plpgsql security definer set search_path = public as $$
declare ends timestamptz;
begin
    if current_tenant() is distinct from for_tenant then
        raise exception 'a hold is taken for the tenant of the transaction' using errcode = 'insufficient_privilege';
    end if;
    if held_by_another(number, for_cart, moment) then
        return null;
    end if;
    insert into holds as h (e164, carrier, tenant_id, cart_id, held_at, expires_at, price_book_id)
    values (number, at_carrier, for_tenant, for_cart, moment, until, at_price)
    on conflict (e164) do update
        set carrier = excluded.carrier, tenant_id = excluded.tenant_id, cart_id = excluded.cart_id,
            carrier_hold_id = case when h.cart_id = excluded.cart_id then h.carrier_hold_id end,
            carrier_hold_expires_at = case when h.cart_id = excluded.cart_id then h.carrier_hold_expires_at end,
            held_at = case when h.tenant_id = excluded.tenant_id and h.expires_at > moment - rest
                then h.held_at else excluded.held_at end,
            expires_at = case when h.tenant_id = excluded.tenant_id and h.expires_at > moment - rest
                then least(excluded.expires_at, h.held_at + longest) else excluded.expires_at end,
            price_book_id = case when h.cart_id = excluded.cart_id and h.expires_at > moment
                then coalesce(h.price_book_id, excluded.price_book_id) else excluded.price_book_id end
        where h.order_id is null and (h.expires_at <= moment or h.cart_id = excluded.cart_id)
    returning h.expires_at into ends;
    return ends;
end $$;

-- What the binary before this one calls.
create or replace function hold_number(number text, at_carrier text, for_tenant uuid, for_cart uuid, moment timestamptz,
    until timestamptz, longest interval, rest interval)
returns timestamptz language sql security definer set search_path = public as $$
    select hold_number($1, $2, $3, $4, $5, $6, $7, $8, null::uuid)
$$;

revoke all on function hold_number(text, text, uuid, uuid, timestamptz, timestamptz, interval, interval, uuid) from public;
grant execute on function hold_number(text, text, uuid, uuid, timestamptz, timestamptz, interval, interval, uuid)
    to voxlink_app, voxlink_platform;
