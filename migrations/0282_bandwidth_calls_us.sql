-- As Twilio (0221): Bandwidth may call us where nothing is bought of it, and so without ever having
-- been asked for its prices, which is what makes a carrier's row elsewhere.
insert into carriers (key, display_name) values ('bandwidth', 'Bandwidth') on conflict (key) do nothing;
