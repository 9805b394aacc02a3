-- A number that rests after its release may be had back by the tenant that gave it back, where its
-- carrier allows it, and by nobody else: at the carrier all tenants are one account, so it is decided
-- here. As before, and true of such a number for everybody but its last owner.
create or replace function held_by_another(number text, for_cart uuid, moment timestamptz)
returns boolean language sql stable security definer set search_path = public as $$
    select exists (
        select from holds
        where e164 = number and cart_id is distinct from for_cart and (order_id is not null or expires_at > moment))
    or exists (
        select from inventory i
        where i.e164 = number and i.state = 'aging' and i.aging_until > moment
          and current_tenant() is distinct from (
              select s.tenant_id from subscriptions s where s.inventory_id = i.id
              order by s.released_at desc nulls first limit 1))
$$;
