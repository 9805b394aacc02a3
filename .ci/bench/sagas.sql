-- 2 × :sagas orders of one number, of ten accounts each half: copies of an order that the shop took. The
-- first half gets jobs, so the worker begins when this commits; the second is pgbench's (saga.pgbench).
begin;
create schema bench;
create table bench.template as
    select o.id as order_id, o.tenant_id, o.user_id, i.id as item_id, row_number() over (order by o.placed_at desc) as newest
    from orders o join order_items i on i.order_id = o.id
    where o.state = 'completed' and 1 = (select count(*) from order_items other where other.order_id = o.id);
delete from bench.template where newest > 1;
create table bench.accounts as
    select n, gen_random_uuid() as tenant, gen_random_uuid() as person, gen_random_uuid() as cart from generate_series(0, 19) n;
insert into tenants select (jsonb_populate_record(t, jsonb_build_object('id', a.tenant))).*
    from tenants t join bench.template p on p.tenant_id = t.id, bench.accounts a;
insert into users select (jsonb_populate_record(u, jsonb_build_object('id', a.person, 'tenant_id', a.tenant, 'email', 'bench' || a.n || '@voxlink.example'))).*
    from users u join bench.template p on p.user_id = u.id, bench.accounts a;
insert into billing_accounts select (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(), 'tenant_id', a.tenant))).*
    from billing_accounts b join bench.template p on p.tenant_id = b.tenant_id, bench.accounts a;
insert into carts (id, tenant_id, user_id) select cart, tenant, person from bench.accounts;
create table bench.work as
    select w.*, a.tenant, a.person, a.cart, (w.n > :sagas) as by_pgbench
    from (select row_number() over () as n, gen_random_uuid() as order_id, gen_random_uuid() as item_id, gen_random_uuid() as key,
                 gen_random_uuid() as number_id, e164
          from (select e164 from local_carrier.numbers
                where state = 'available' and held_until is null and country = 'US' and number_type = 'local'
                order by md5(e164) limit 2 * :sagas) free) w
    join bench.accounts a on a.n = w.n % 10 + (w.n > :sagas)::int * 10;
alter table bench.work add primary key (n);
create sequence bench.turn start :sagas;
select nextval('bench.turn');
insert into orders select (jsonb_populate_record(o, jsonb_build_object('id', w.order_id, 'tenant_id', w.tenant, 'user_id', w.person,
        'order_number', 'BENCH-' || w.n, 'state', 'pending', 'cart_id', null, 'charged_minor', 0, 'attempts', 0, 'processing_at', null,
        'finished_at', null, 'placed_at', now(), 'next_attempt_at', case when w.by_pgbench then now() + interval '1 day' end))).*
    from orders o join bench.template p on p.order_id = o.id, bench.work w;
insert into order_items select (jsonb_populate_record(i, jsonb_build_object('id', w.item_id, 'tenant_id', w.tenant, 'order_id', w.order_id,
        'e164', w.e164, 'offer', jsonb_set(i.offer, '{number}', to_jsonb(w.e164)), 'step', 'waiting', 'purchase_key', w.key,
        'carrier_number_id', null, 'subscription_id', null, 'attempts', 0))).*
    from order_items i join bench.template p on p.item_id = i.id, bench.work w;
insert into holds (e164, carrier, tenant_id, cart_id, order_id, expires_at)
    select e164, 'local', tenant, cart, order_id, now() + interval '1 hour' from bench.work;
select count(enqueue_job('order_fulfil', json_build_object('tenant', 'ten_' || replace(tenant::text, '-', ''), 'order', 'ord_' || replace(order_id::text, '-', '')),
        'order_fulfil:ord_' || replace(order_id::text, '-', ''), now())) from (select * from bench.work where not by_pgbench order by n) w;
commit;
