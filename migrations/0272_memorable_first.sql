-- What the local carrier recommends when nothing else decides: numbers that are easy to remember
-- come first. A number has points for what its national digits show; a length ends in the index,
-- so the first page of ten million costs as much as of ten.
create function local_carrier.memorable(digits text) returns smallint
language sql immutable parallel safe
return (
    -- ends in four, three or two equal digits
    case when digits ~ '(\d)\1{3}$' then 8 when digits ~ '(\d)\1{2}$' then 5 when digits ~ '(\d)\1$' then 1 else 0 end
    -- round: ends in zeros
    + case when digits ~ '000$' then 4 when digits ~ '00$' then 3 else 0 end
    -- a pair twice: 1212, or mirrored: 1221
    + case when digits ~ '(\d\d)\1$' then 4 when digits ~ '(\d)(\d)\2\1$' then 3 else 0 end
    -- a run at the end: 1234, 4321
    + case when right(digits, 4) in ('0123', '1234', '2345', '3456', '4567', '5678', '6789',
                                       '9876', '8765', '7654', '6543', '5432', '4321', '3210') then 5 else 0 end
)::smallint;

alter table local_carrier.numbers
    add column memorable smallint not null generated always as (local_carrier.memorable(national)) stored;
create index numbers_memorable on local_carrier.numbers (country, memorable desc, e164) where state = 'available';
