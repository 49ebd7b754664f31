-- +goose NO TRANSACTION
-- +goose Up

-- One entry of the index for what a search looks through, a tenant's memories of an agent, of a user, of both or all: the lists
-- of the tenant and of a user of many agents hold nearly every row, and reading them was a quarter of what a search took.

-- These take long, and keep nobody from reading or writing.
set statement_timeout = 0;
set lock_timeout = 0;

-- What an earlier try left behind is no index.
drop index concurrently if exists agent_memory_search_idx;
create index concurrently agent_memory_search_idx on agent_memory_search
    using gin ((array[tenant_id || '/' || agent_id || '/' || user_id, tenant_id || '/' || agent_id || '/',
                      tenant_id || '//' || user_id, tenant_id || '//']), vector)
    where is_active;
drop index concurrently if exists agent_memory_search_vector_idx;
drop statistics if exists agent_memory_search_scope_stats;

reset statement_timeout;
reset lock_timeout;
