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
-- erased; contents is null where nothing was said.
create table event_contents (
    tenant_id   varchar(63) not null,
    sequence_id bigint      not null,
    salt        bytea       not null,
    contents    json,
    constraint event_contents_pkey primary key (tenant_id, sequence_id)
);

-- The outcome of every command that had an id, kept as long as the log. The fingerprint is keyed by the salts of the events
-- with the sequence_ids, or by the tenant's secret where there are none.
create table commands (
    tenant_id    varchar(63)  not null,
    command_id   varchar(255) not null,
    sequence_ids bigint[]     not null,
    fingerprint  bytea        not null,
    outcome      jsonb        not null,
    constraint commands_pkey primary key (tenant_id, command_id)
);

-- Content is text: writing jsonb out took half the time of reading a list, and no query looks into it.
create table agent_memories (
    tenant_id        varchar(63)      not null,
    id               uuid             not null,
    agent_id         varchar(100)     not null,
    user_id          varchar(255)     not null,
    memory_type      varchar(50)      not null,
    content          json             not null,
    confidence_score double precision not null,
    metadata         jsonb            not null,
    state            text             not null,
    is_deleted       boolean          not null generated always as (state <> 'active') stored,
    expires_at       timestamptz,
    created_at       timestamptz      not null,
    updated_at       timestamptz      not null,
    version          int              not null,
    sequence_id      bigint           not null,
    recorded_at      timestamptz      not null,
    event_type       text             not null,
    actor            text             not null,
    reason           text             not null,
    constraint agent_memories_pkey primary key (tenant_id, id)
);
create index agent_memories_sequence_idx on agent_memories (tenant_id, sequence_id);
create index agent_memories_created_idx on agent_memories (tenant_id, created_at, id);
create index agent_memories_updated_idx on agent_memories (tenant_id, updated_at, id);
create index agent_memories_user_created_idx on agent_memories (tenant_id, user_id, created_at, id);
create index agent_memories_scope_created_idx on agent_memories (tenant_id, agent_id, user_id, created_at, id);
create index agent_memories_scope_updated_idx on agent_memories (tenant_id, agent_id, user_id, updated_at, id);
create index agent_memories_scope_confidence_idx on agent_memories (tenant_id, agent_id, user_id, confidence_score, id);
create index agent_memories_due_idx on agent_memories (tenant_id, expires_at)
    where state = 'active' and expires_at is not null;
-- Without it the planner multiplies the selectivities of agent and user and expects one row.
create statistics agent_memories_scope_stats (dependencies) on agent_id, user_id from agent_memories;

-- One row per superseded version; it was current from sequence_id to before superseded_sequence_id.
create table agent_memory_history (
    tenant_id              varchar(63)      not null,
    id                     uuid             not null,
    version                int              not null,
    agent_id               varchar(100)     not null,
    user_id                varchar(255)     not null,
    memory_type            varchar(50)      not null,
    content                json             not null,
    confidence_score       double precision not null,
    metadata               jsonb            not null,
    state                  text             not null,
    expires_at             timestamptz,
    created_at             timestamptz      not null,
    updated_at             timestamptz      not null,
    sequence_id            bigint           not null,
    recorded_at            timestamptz      not null,
    event_type             text             not null,
    actor                  text             not null,
    reason                 text             not null,
    superseded_sequence_id bigint           not null,
    superseded_at          timestamptz      not null,
    constraint agent_memory_history_pkey primary key (tenant_id, id, version)
);
create index agent_memory_history_sequence_idx on agent_memory_history (tenant_id, sequence_id);
create index agent_memory_history_scope_idx on agent_memory_history (tenant_id, agent_id, user_id, created_at, id);

-- Narrow, so that a search reads few pages; content is fetched for the winners only.
create table agent_memory_search (
    tenant_id        varchar(63)      not null,
    id               uuid             not null,
    agent_id         varchar(100)     not null,
    user_id          varchar(255)     not null,
    memory_type      varchar(50)      not null,
    confidence_score double precision not null,
    is_active        boolean          not null,
    expires_at       timestamptz,
    created_at       timestamptz      not null,
    words            int              not null,
    vector           tsvector         not null,
    sequence_id      bigint           not null,
    constraint agent_memory_search_pkey primary key (tenant_id, id)
) with (toast_tuple_target = 8160); -- matching a compressed vector takes three times as long
-- One entry for each scope that a search can have: an agent and a user, either, or the whole tenant. Indexing the columns
-- apart would intersect lists that hold nearly every row.
create index agent_memory_search_idx on agent_memory_search
    using gin ((array[tenant_id || '/' || agent_id || '/' || user_id, tenant_id || '/' || agent_id || '/',
                      tenant_id || '//' || user_id, tenant_id || '//']), vector)
    where is_active;

-- How many active memories a scope holds and of how many words: what ranking needs to weigh a word.
create table agent_memory_search_scopes (
    tenant_id varchar(63)  not null,
    agent_id  varchar(100) not null,
    user_id   varchar(255) not null,
    memories  bigint       not null,
    words     bigint       not null,
    constraint agent_memory_search_scopes_pkey primary key (tenant_id, agent_id, user_id)
) with (fillfactor = 50);

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
