-- Two things told within one millisecond keep their order.
alter table order_events add column seq bigint generated always as identity;
