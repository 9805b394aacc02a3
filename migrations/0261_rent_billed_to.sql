-- Up to which day a number's rent is billed is asked for every number of an account, on each look at
-- the billing page and in each run.
create index invoice_lines_rental on invoice_lines (tenant_id, number_id) where kind = 'rental';
