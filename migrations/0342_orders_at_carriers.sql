-- A carrier that works an order off tells of it by its own id.
create index order_items_at_carrier on order_items (carrier, carrier_order_id)
    where carrier_order_id is not null;
