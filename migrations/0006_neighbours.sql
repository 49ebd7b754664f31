-- +goose Up

-- In the order in which an append locks them.
lock table logs, commands in access exclusive mode;

-- The event that records a command whose id is a UUID of version 7 has an id that begins as the command's does from now on,
-- so that what is appended one after the other is side by side in its index. Such commands of before get a row.
insert into commands (tenant_id, command_id, fingerprint, outcome, sequence_id, created_at)
select tenant_id, metadata ->> 'command_id', decode(metadata ->> 'command_fingerprint', 'hex'),
       jsonb_build_object('writes', jsonb_build_array(jsonb_build_object(
           'stream_id', stream_id, 'version', version, 'sequence_id', sequence_id, 'event_id', event_id))),
       sequence_id, created_at
  from events
 where metadata ->> 'command_fingerprint' ~ '^[0-9a-f]{64}$'
   and metadata ->> 'command_id' ~* '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$'
    on conflict do nothing;

-- A server of before, which would record such a command where nobody looks for it, does not find the column, and appends
-- nothing.
alter table logs rename column epoch to fence;
update logs
   set fence = 1
 where fence = 0
   and exists (select from commands where commands.tenant_id = logs.tenant_id);
