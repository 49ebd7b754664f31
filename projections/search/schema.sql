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
)
-- Matching a compressed vector takes three times as long.
  with (toast_tuple_target = 8160);
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
