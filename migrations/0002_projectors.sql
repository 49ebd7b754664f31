-- +goose Up

-- Which runners of a projection are alive, so that each can tell its fair share of the tenants. No tenant's data, and
-- small: every node of a distributed database may hold all of it.
create table projectors (
    projection         text        not null,
    projection_version int         not null,
    holder             text        not null,
    seen_until         timestamptz not null,
    constraint projectors_pkey primary key (projection, holder)
) with (fillfactor = 50);
