-- Who sells, and the tax rates of the demonstration.

-- The seller as invoices name it: one row. It stands in the database because all servers of an
-- installation must print the same invoice. An invoice keeps a copy, so a change here touches
-- later invoices only.
create table sellers (
    single boolean primary key default true check (single),
    name text not null check (length(name) between 1 and 200),
    -- {line1, line2, city, region, postal_code, country}
    address jsonb not null,
    country char(2) not null,
    email text,
    -- {label, value} of each registration that must be printed: EIN, VAT number, company number
    registrations jsonb not null default '[]',
    payment_terms text not null,
    -- days from issue to the due day
    payment_days smallint not null default 14 check (payment_days between 0 and 365),
    updated_at timestamptz not null default now()
);
create trigger touch before update on sellers for each row execute function touch_updated_at();
insert into sellers (name, address, country, email, registrations, payment_terms) values (
    'VoxLink Demonstration Inc.',
    '{"line1": "1 Example Street", "city": "Boston", "region": "MA", "postal_code": "02108", "country": "US"}',
    'US', 'billing@voxlink.example', '[{"label": "EIN", "value": "00-0000000"}]',
    'Due within 14 days. What your balance covers is taken from it at once.');
call guard_for_platform('sellers');

-- The seller as it was when the invoice was issued.
alter table invoices add column seller jsonb not null default '{}';

-- Demonstration rates, in the shape of the real ones and close to them on the day they were written
-- (2026-11). They are nobody's tax advice: an operator replaces them by ending a row
-- (effective_to) and inserting its successor. Rows are never changed once an invoice used them.
--
-- The federal recovery line is not a tax: it is the contribution factor of the quarter on the
-- interstate part of usage (the 64.9 % safe harbour), e.g. 0.381 × 0.649.
insert into tax_rates (id, country, region, jurisdiction, name, applies_to, rate, reverse_charge, effective_from, effective_to, version)
select gen_random_uuid(), r.country, r.region, r.jurisdiction, r.name, r.applies_to, r.rate, r.reverse_charge,
       r.effective_from, r.effective_to, r.version
from (values
    ('US', null, 'United States', 'Federal universal service recovery (demonstration)', array['usage'], 0.23360000, false, date '2025-01-01', date '2025-10-01', 1),
    ('US', null, 'United States', 'Federal universal service recovery (demonstration)', array['usage'], 0.24730000, false, date '2025-10-01', date '2026-10-01', 2),
    ('US', null, 'United States', 'Federal universal service recovery (demonstration)', array['usage'], 0.24400000, false, date '2026-10-01', null, 3),
    ('US', 'MA', 'Massachusetts', 'Telecommunications sales tax', array['rental', 'setup', 'usage'], 0.06250000, false, date '2025-01-01', null, 1),
    ('US', 'NY', 'New York', 'Sales tax', array['rental', 'setup', 'usage'], 0.04000000, false, date '2025-01-01', null, 1),
    ('US', 'NY', 'New York', 'Telecommunications excise tax', array['rental', 'usage'], 0.02500000, false, date '2025-01-01', null, 1),
    ('US', 'TX', 'Texas', 'Telecommunications sales tax', array['rental', 'setup', 'usage'], 0.06250000, false, date '2025-01-01', null, 1),
    ('US', 'IL', 'Illinois', 'Telecommunications excise tax', array['rental', 'usage'], 0.07000000, false, date '2025-01-01', null, 1),
    ('US', 'FL', 'Florida', 'Communications services tax', array['rental', 'setup', 'usage'], 0.07440000, false, date '2025-01-01', null, 1),
    ('US', 'WA', 'Washington', 'Retail sales tax', array['rental', 'setup', 'usage'], 0.06500000, false, date '2025-01-01', null, 1),
    ('CA', 'ON', 'Ontario', 'HST', array['rental', 'setup', 'usage'], 0.13000000, false, date '2025-01-01', null, 1),
    ('CA', 'NS', 'Nova Scotia', 'HST', array['rental', 'setup', 'usage'], 0.14000000, false, date '2025-04-01', null, 1),
    ('CA', 'NB', 'New Brunswick', 'HST', array['rental', 'setup', 'usage'], 0.15000000, false, date '2025-01-01', null, 1),
    ('CA', 'NL', 'Newfoundland and Labrador', 'HST', array['rental', 'setup', 'usage'], 0.15000000, false, date '2025-01-01', null, 1),
    ('CA', 'PE', 'Prince Edward Island', 'HST', array['rental', 'setup', 'usage'], 0.15000000, false, date '2025-01-01', null, 1),
    ('CA', 'BC', 'British Columbia', 'PST', array['rental', 'setup', 'usage'], 0.07000000, false, date '2025-01-01', null, 1),
    ('CA', 'QC', 'Quebec', 'QST', array['rental', 'setup', 'usage'], 0.09975000, false, date '2025-01-01', null, 1),
    ('GB', null, 'United Kingdom', 'VAT', array['rental', 'setup', 'usage'], 0.20000000, true, date '2025-01-01', null, 1),
    ('DE', null, 'Germany', 'VAT', array['rental', 'setup', 'usage'], 0.19000000, true, date '2025-01-01', null, 1),
    ('IE', null, 'Ireland', 'VAT', array['rental', 'setup', 'usage'], 0.23000000, true, date '2025-01-01', null, 1),
    ('NL', null, 'Netherlands', 'VAT', array['rental', 'setup', 'usage'], 0.21000000, true, date '2025-01-01', null, 1),
    ('SE', null, 'Sweden', 'VAT', array['rental', 'setup', 'usage'], 0.25000000, true, date '2025-01-01', null, 1)
) as r (country, region, jurisdiction, name, applies_to, rate, reverse_charge, effective_from, effective_to, version);

-- The federal goods and services tax is a row of its own in every province without a harmonised one.
insert into tax_rates (id, country, region, jurisdiction, name, rate, effective_from)
select gen_random_uuid(), 'CA', province, 'Canada', 'GST', 0.05, date '2025-01-01'
from unnest(array['AB', 'BC', 'MB', 'NT', 'NU', 'QC', 'SK', 'YT']) province;

-- The first invoice takes number 1 of the series VL.
insert into invoice_series (series, next_number) values ('VL', 1);
