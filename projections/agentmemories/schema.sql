-- Content is text: writing jsonb out took half the time of reading a list, and no query looks into it.
-- is_deleted is the column of the seed schema, for readers outside AUREN, which reads state.
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
    valid_from       timestamptz, -- in the world; null means always
    valid_to         timestamptz, -- exclusive; null means that it stays so
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
    valid_from             timestamptz,
    valid_to               timestamptz,
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
-- A diff looks for the versions from within a range of the log that were current at its end: the index tells without the rows.
create index agent_memory_history_sequence_idx on agent_memory_history (tenant_id, sequence_id, superseded_sequence_id);
create index agent_memory_history_due_idx on agent_memory_history (tenant_id, expires_at)
    where state = 'active' and expires_at is not null;
create index agent_memory_history_scope_idx on agent_memory_history (tenant_id, agent_id, user_id, created_at, id);
