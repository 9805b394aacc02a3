-- A campaign's calls, newest first.
create index call_records_campaign on call_records (tenant_id, campaign_id, started_at desc) where campaign_id is not null;
