-- A template: text in double braces is filled in once for each form of the statement (statement.go).
--
-- Moves the head of the log of tenant $1 from ($5, $6) to ($2, $3, $4) and inserts events with their contents ($8 to $23). Does
-- neither, and returns no row, unless the head and the epoch ($7) are as expected. The notification is sent when the transaction
-- commits.
with moved as (
       update logs
          set sequence_id = $2, hash = $3, created_at = $4
        where tenant_id = $1
          and sequence_id = $5
          and hash = $6
          and epoch = $7
{{- if .Optimistic}}
          -- created_at is at most $24 behind the database's clock.
          and clock_timestamp() between $4::timestamptz and $4::timestamptz + $24::interval
{{- end}}
{{- if .Continues}}
          -- Each stream that the batch continues ($25) is at its version ($26) and of its category ($27): the first event from that
          -- version on is that one. In this form the index is used even if the statement was planned on an empty table. The unique
          -- constraint refuses a stream that is further.
          and not exists (
              select
                from unnest($25::uuid[], $26::int[], $27::text[]) as s (id, version, category)
                left join lateral (
                     select e.version, e.category
                       from events as e
                      where e.tenant_id = $1 and e.stream_id = s.id and e.version >= s.version
                      order by e.version
                      limit 1) as e on true
               where e.category is distinct from s.category)
{{- end}}
{{- if .New}}
          -- No command that is recorded by its event ($28, or $25 where no stream is continued) has a row. This is looked up before
          -- the lock is waited for, but a row that is added meanwhile moves the head or the epoch.
          and not exists (
              select
                from unnest({{if .Continues}}$28{{else}}$25{{end}}::text[]) as s (id)
               cross join lateral (
                     select c.command_id
                       from commands as c
                      where c.tenant_id = $1 and c.command_id = s.id
                      order by c.command_id
                      limit 1) as c)
{{- end}}
{{- if and .Imports .Optimistic}}
          -- No stream was made from the same records. The primary key would refuse them, but PostgreSQL would log their digests, which
          -- are to be erased with the contents.
          and not exists (
              select
                from unnest(${{.Argument 1}}::bytea[]) as s (record)
               cross join lateral (
                     select i.record
                       from imported as i
                      where i.tenant_id = $1 and i.record = s.record
                      order by i.record
                      limit 1) as i)
{{- end}}
       returning tenant_id, pg_notify('auren_log', tenant_id || ' ' || sequence_id)),
{{- if .Records}}
-- Records commands ($24 to $27).
recorded as (
       insert into commands (tenant_id, command_id, sequence_ids, fingerprint, outcome)
       select moved.tenant_id, c.command_id, c.sequence_ids::bigint[], c.fingerprint, c.outcome::jsonb
         from moved
        cross join unnest($24::text[], $25::text[], $26::bytea[], $27::text[]) as c (command_id, sequence_ids, fingerprint, outcome)),
{{- end}}
{{- if .Imports}}
-- The streams that are made from imported records.
imported_now as (
       insert into imported (tenant_id, record, stream_id)
       select moved.tenant_id, i.record, i.stream_id
         from moved
        cross join unnest(${{.Argument 1}}::bytea[], ${{.Argument 2}}::uuid[]) as i (record, stream_id)),
{{- end}}
appended as (
       insert into events (tenant_id, sequence_id, event_id, stream_id, version, category, event_type, schema_version,
                           agent_id, user_id, payload, metadata, occurred_at, created_at, hash)
       select moved.tenant_id, e.sequence_id, e.event_id, e.stream_id, e.version, e.category, e.event_type, e.schema_version,
              e.agent_id, e.user_id, e.payload, e.metadata, e.occurred_at, $4, e.hash
         from moved
        cross join
{{- if .One}} (values ($8::bigint, $9::uuid, $10::uuid, $11::int, $12::text, $13::text, $14::smallint,
                       $15::text, $16::text, $17::json, $18::json, $19::timestamptz, $20::bytea))
{{- else}} unnest($8::bigint[], $9::uuid[], $10::uuid[], $11::int[], $12::text[], $13::text[], $14::smallint[],
                  $15::text[], $16::text[], $17::json[], $18::json[], $19::timestamptz[], $20::bytea[])
{{- end}}
                as e (sequence_id, event_id, stream_id, version, category, event_type, schema_version,
                      agent_id, user_id, payload, metadata, occurred_at, hash)),
said as (
       insert into event_contents (tenant_id, sequence_id, salt, contents, fingerprint)
       select moved.tenant_id, c.sequence_id, c.salt, c.contents, c.fingerprint
         from moved
        cross join
{{- if .One}} (values ($8::bigint, $21::bytea, $22::json, $23::bytea))
{{- else}} unnest($8::bigint[], $21::bytea[], $22::json[], $23::bytea[])
{{- end}}
                as c (sequence_id, salt, contents, fingerprint))
select from moved
