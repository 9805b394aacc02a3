-- What is in service is read into memory by what has changed since the last reading.
create index subscriptions_changed on subscriptions (updated_at);
create index tenants_changed on tenants (updated_at);

-- A draft may be thrown away; what was ever in service stays.
grant delete on number_configurations to voxlink_app;
create policy only_drafts_go on number_configurations as restrictive for delete to voxlink_app
    using (state = 'draft');

-- Which version answered a call is told by its page; events of one call are found by its key.
create index call_records_status on call_records (tenant_id, status, started_at desc);
