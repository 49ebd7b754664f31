-- As append_locked.sql, and only if each stream that the batch continues ($28) is at its version ($29) and of its category ($30),
-- and created_at ($4) is at most $27 behind the database's clock. The unique constraints refuse a stream that is further, and a
-- command id that is recorded.
with moved as (
       update logs
          set sequence_id = $2, hash = $3, created_at = $4
        where tenant_id = $1
          and sequence_id = $5
          and hash = $6
          and epoch = $7
          and clock_timestamp() between $4::timestamptz and $4::timestamptz + $27::interval
          -- The first version from there on, without a gap, is that one: this form has the index used however small the table
          -- was when the statement was planned.
          and not exists (
              select
                from unnest($28::uuid[], $29::int[], $30::text[]) as s (id, version, category)
                left join lateral (
                     select e.version, e.category
                       from events as e
                      where e.tenant_id = $1 and e.stream_id = s.id and e.version >= s.version
                      order by e.version
                      limit 1) as e on true
               where e.category is distinct from s.category)
       returning tenant_id, pg_notify('auren_log', tenant_id || ' ' || sequence_id)),
appended as (
       insert into events (tenant_id, sequence_id, event_id, stream_id, version, category, event_type, schema_version,
                           agent_id, user_id, payload, metadata, occurred_at, created_at, hash)
       select moved.tenant_id, e.sequence_id, e.event_id, e.stream_id, e.version, e.category, e.event_type, e.schema_version,
              e.agent_id, e.user_id, e.payload, e.metadata, e.occurred_at, $4, e.hash
         from moved
        cross join unnest($8::bigint[], $9::uuid[], $10::uuid[], $11::int[], $12::text[], $13::text[], $14::smallint[],
                          $15::text[], $16::text[], $17::json[], $18::json[], $19::timestamptz[], $20::bytea[])
                as e (sequence_id, event_id, stream_id, version, category, event_type, schema_version,
                      agent_id, user_id, payload, metadata, occurred_at, hash)),
said as (
       insert into event_contents (tenant_id, sequence_id, salt, contents)
       select moved.tenant_id, c.sequence_id, c.salt, c.contents
         from moved
        cross join unnest($8::bigint[], $21::bytea[], $22::json[]) as c (sequence_id, salt, contents)),
recorded as (
       insert into commands (tenant_id, command_id, sequence_ids, fingerprint, outcome)
       select moved.tenant_id, c.command_id, c.sequence_ids::bigint[], c.fingerprint, c.outcome::jsonb
         from moved
        cross join unnest($23::text[], $24::text[], $25::bytea[], $26::text[]) as c (command_id, sequence_ids, fingerprint, outcome))
select from moved
