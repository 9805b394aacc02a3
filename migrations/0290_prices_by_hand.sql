-- A price that an administrator entered stands until an administrator enters another: the daily
-- refresh leaves it alone. Carriers without a price interface are sold by such prices only.
alter table price_books add column by_hand boolean not null default false;
