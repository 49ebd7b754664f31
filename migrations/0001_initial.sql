-- +goose Up

-- The head of each tenant's log. Locking this row is what makes sequence_id gapless. The epoch moves when an append was found
-- lost, which keeps the lost statement out should it still arrive. The secret keys the digests of a tenant's imports and never
-- leaves the database.
create table logs (
    tenant_id   varchar(63) not null,
    sequence_id bigint      not null default 0,
    hash        bytea       not null,
    created_at  timestamptz not null,
    epoch       bigint      not null default 0,
    secret      bytea       not null default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
    constraint logs_pkey primary key (tenant_id)
) with (fillfactor = 50);

-- Payload and metadata are json, which keeps the text that was hashed.
create table events (
    tenant_id      varchar(63)  not null,
    sequence_id    bigint       not null,
    event_id       uuid         not null,
    stream_id      uuid         not null,
    version        int          not null,
    category       text         not null,
    event_type     text         not null,
    schema_version smallint     not null,
    agent_id       varchar(100) not null,
    user_id        varchar(255) not null,
    payload        json         not null,
    metadata       json         not null,
    occurred_at    timestamptz  not null,
    created_at     timestamptz  not null,
    hash           bytea        not null,
    constraint events_pkey primary key (tenant_id, sequence_id),
    constraint events_stream_version_key unique (tenant_id, stream_id, version),
    constraint events_event_id_key unique (tenant_id, event_id),
    constraint events_sequence_id_check check (sequence_id > 0),
    constraint events_version_check check (version > 0)
);

-- +goose StatementBegin
create function refuse_event_change() returns trigger language plpgsql as $$
begin
    raise exception 'events are immutable: % refused', tg_op using errcode = 'insufficient_privilege';
end
$$;
-- +goose StatementEnd

create trigger events_immutable before update or delete on events
    for each row execute function refuse_event_change();
create trigger events_not_truncated before truncate on events
    for each statement execute function refuse_event_change();
-- Always: not even a session that replays as a replica gets past them.
alter table events enable always trigger events_immutable;
alter table events enable always trigger events_not_truncated;

-- What was said, apart from the events, which commit to it by a digest keyed by the salt. A row for each event until it is
-- erased; contents is null where nothing was said. An event that records its command, under an event_id made from the command's id,
-- has the command's fingerprint here, keyed by the salt.
create table event_contents (
    tenant_id   varchar(63) not null,
    sequence_id bigint      not null,
    salt        bytea       not null,
    contents    json,
    fingerprint bytea,
    constraint event_contents_pkey primary key (tenant_id, sequence_id)
);

-- The outcome of each command that had an id and is not recorded by an event, kept as long as the log. The fingerprint is keyed by
-- the salts of the events with the sequence_ids, or by the tenant's secret where there are none; it is empty once one of them, or
-- with no sequence_ids anything of the tenant, was erased.
create table commands (
    tenant_id    varchar(63)  not null,
    command_id   varchar(255) not null,
    sequence_ids bigint[]     not null,
    fingerprint  bytea        not null,
    outcome      jsonb        not null,
    constraint commands_pkey primary key (tenant_id, command_id)
);

-- The memories of imported records that have no UUID of their own, by HMACs of what identifies the records, keyed by the tenant's
-- secret. The row of a memory is erased with its contents.
create table imported (
    tenant_id varchar(63) not null,
    record    bytea       not null,
    stream_id uuid        not null,
    constraint imported_pkey primary key (tenant_id, record),
    constraint imported_stream_key unique (tenant_id, stream_id)
);

-- Of the commands that concern no event, any may have repeated what is erased: all of the tenant lose their fingerprints.
create index commands_without_events_idx on commands (tenant_id) where sequence_ids = '{}';
-- +goose StatementBegin
create function erase_digests() returns trigger language plpgsql as $$
begin
    update commands
       set fingerprint = ''
     where tenant_id in (select tenant_id from erased) and sequence_ids = '{}' and fingerprint <> '';
    delete from imported
     where (tenant_id, stream_id) in (select tenant_id, stream_id from erased join events using (tenant_id, sequence_id));
    return null;
end
$$;
-- +goose StatementEnd
create trigger contents_erased after delete on event_contents
    referencing old table as erased for each statement execute function erase_digests();

-- The tables of read models: package projections/generation creates them, from the definitions that the projections give.
create table projection_generations (
    generation         bigint      not null generated by default as identity,
    projection         text        not null,
    projection_version int         not null,
    state              text        not null,
    schema_name        text        not null,
    created_at         timestamptz not null default now(),
    constraint projection_generations_pkey primary key (generation),
    constraint projection_generations_state_check check (state in ('building', 'comparing', 'live', 'retired'))
);
create unique index projection_generations_live_key on projection_generations (projection) where state = 'live';

create table projection_checkpoints (
    tenant_id          varchar(63) not null,
    projection         text        not null,
    projection_version int         not null,
    sequence_id        bigint      not null default 0,
    updated_at         timestamptz not null default now(),
    lease_holder       text        not null default '',
    lease_term         bigint      not null default 0,
    lease_until        timestamptz not null default '-infinity',
    stopped_at         bigint,
    stopped_reason     text        not null default '',
    constraint projection_checkpoints_pkey primary key (tenant_id, projection)
) with (fillfactor = 50);

-- The runners of each projection that are alive, so that each can tell its share of the tenants. Small, and without a tenant's
-- data: every node of a distributed database may hold all of it.
create table projectors (
    projection         text        not null,
    projection_version int         not null,
    holder             text        not null,
    seen_until         timestamptz not null,
    constraint projectors_pkey primary key (projection, holder)
) with (fillfactor = 50);

-- The owner, too, may only read and add events; the trigger refuses everyone else.
revoke update, delete, truncate on events from public;
-- +goose StatementBegin
do $$ begin execute format('revoke update, delete, truncate on events from %I', current_user); end $$;
-- +goose StatementEnd
