-- The job queue as administrators see it. graphile_worker's schema belongs to the owner and is
-- made when the server starts, so these functions resolve it when they run (plpgsql).

-- One row per job that waits, runs, or has failed for good; finished jobs leave the queue.
create function queued_jobs()
returns table (id bigint, task text, key text, payload jsonb, state text, attempts integer, max_attempts integer,
    last_error text, run_at timestamptz, created_at timestamptz, updated_at timestamptz)
language plpgsql stable security definer set search_path = public as $$
begin
    return query
        select j.id, t.identifier, j.key, j.payload::jsonb,
            case when j.locked_at is not null then 'running'
                 when j.attempts >= j.max_attempts then 'failed'
                 when j.attempts > 0 then 'retrying'
                 else 'waiting' end,
            j.attempts::integer, j.max_attempts::integer, j.last_error, j.run_at, j.created_at, j.updated_at
        from graphile_worker._private_jobs j
        join graphile_worker._private_tasks t on t.id = j.task_id;
end $$;

-- Makes a job due now with all its tries ahead; false when it is gone or running.
create function retry_job(job bigint, moment timestamptz) returns boolean
language plpgsql security definer set search_path = public as $$
begin
    update graphile_worker._private_jobs j set attempts = 0, run_at = moment, updated_at = clock_timestamp()
    where j.id = job and j.locked_at is null;
    if found then perform pg_notify('jobs:insert', json_build_object('r', random()::text, 'count', 1)::text); end if;
    return found;
end $$;

-- Takes a job from the queue; false when it is gone or running.
create function discard_job(job bigint) returns boolean
language plpgsql security definer set search_path = public as $$
begin
    delete from graphile_worker._private_jobs j where j.id = job and j.locked_at is null;
    return found;
end $$;

-- Leaves no further try to the job that is running: the worker calls it when repeating is useless.
create function exhaust_job(job bigint) returns void
language plpgsql security definer set search_path = public as $$
begin
    update graphile_worker._private_jobs j set attempts = j.max_attempts where j.id = job;
end $$;

revoke all on function queued_jobs, retry_job, discard_job, exhaust_job from public;
grant execute on function queued_jobs, retry_job, discard_job, exhaust_job to voxlink_platform;
