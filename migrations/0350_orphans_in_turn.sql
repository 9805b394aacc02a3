-- When an orphan was asked after last: who was not asked yet comes first, so that those whose carrier
-- has no answer do not keep others from their turn.
alter table order_items add column orphan_tried_at timestamptz;
