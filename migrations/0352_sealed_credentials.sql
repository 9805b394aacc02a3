-- Credentials of carriers that administrators entered in the browser, for all servers. A server whose
-- environment sets the same variable goes by its environment. The values are sealed with the
-- installation's key, which is not in the database, each for its own row; no page reads them back.
create table carrier_credentials (
    carrier text not null references carriers (key),
    -- as the environment's: `TWILIO_AUTH_TOKEN`
    name text not null check (name ~ '^[A-Z][A-Z0-9_]{2,62}$'),
    value_sealed bytea not null,
    -- who entered it; none where the installation did so itself
    stored_by uuid references users,
    stored_at timestamptz not null,
    primary key (carrier, name)
);
create index carrier_credentials_stored_by on carrier_credentials (stored_by);

call guard_for_platform('carrier_credentials', '');
