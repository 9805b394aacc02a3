-- Patterns with gaps, such as 12??34. The trigram index needs three digits side by side; without
-- them a search read the whole catalogue. Here every number is filed under each two of its digits
-- with their distance, and a pattern is looked up by all the pairs it names.

-- distance * 100 + first digit * 10 + second digit, for every two digits.
create function local_carrier.digit_pairs(digits text) returns integer[]
language plpgsql immutable strict parallel safe as $$
declare
    -- '0' is byte 48, so ten times the first and once the second are 528 too much
    bytes constant bytea := digits::bytea;
    pairs integer[] := '{}';
begin
    for near in 0 .. length(bytes) - 2 loop
        for far in near + 1 .. length(bytes) - 1 loop
            pairs := pairs || ((far - near) * 100
                + get_byte(bytes, near) * 10 + get_byte(bytes, far) - 528);
        end loop;
    end loop;
    return pairs;
end $$;
alter function local_carrier.digit_pairs owner to voxlink_local_carrier;

create index numbers_pairs on local_carrier.numbers
    using gin (local_carrier.digit_pairs("national")) where state = 'available';
-- How common each pair is, so that the planner knows a rare pattern from a usual one.
analyze local_carrier.numbers;
