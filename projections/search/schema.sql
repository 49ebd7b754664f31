-- The languages in which texts are analyzed, as codes separated by commas. They are a setting: a rebuild takes over those of the live
-- tables, or makes other documents for other languages. A tenant without a row has those of the row of the tenant '', without
-- that English.
create table search_languages (
    tenant_id varchar(63) not null,
    languages text        not null,
    constraint search_languages_pkey primary key (tenant_id)
);

-- The scopes that have documents: an agent and a user. Documents are numbered within their scope, from 0 on.
create table search_scopes (
    tenant_id varchar(63)  not null,
    agent_id  varchar(100) not null,
    user_id   varchar(255) not null,
    scope     bigint       not null,
    documents int          not null, -- how many there are
    sealed    int          not null, -- how many of them are in segments: the first ones
    constraint search_scopes_pkey primary key (tenant_id, agent_id, user_id),
    constraint search_scopes_scope_key unique (tenant_id, scope)
) with (fillfactor = 50);

-- The searchable texts of memories, each while it lasts.
create table search_documents (
    tenant_id  varchar(63) not null,
    scope      bigint      not null,
    doc        int         not null,
    memory_id  uuid        not null,
    from_seq   bigint      not null, -- the event that began it
    to_seq     bigint      not null, -- the event that ended it; the largest bigint while it lasts
    expires_at timestamptz,
    created_at timestamptz not null, -- when the memory's first event occurred, and its sequence_id: the memory's place among
    opened_seq bigint      not null, -- those told before and after it
    session    bigint      not null, -- a hash of the session in the metadata; 0 without one
    text_seq   bigint      not null, -- the event that has the text; 0 for none
    length     int         not null, -- in words
    constraint search_documents_pkey primary key (tenant_id, scope, doc),
    -- Not an index, which a rebuild would create at the end: each batch finds its memories by it.
    constraint search_documents_memory_key unique (tenant_id, memory_id, doc)
)
-- Ending a document changes no index but that of expiry.
  with (fillfactor = 90);
create index search_documents_place_idx on search_documents (tenant_id, scope, session, created_at, opened_seq);
create index search_documents_expiry_idx on search_documents (tenant_id, scope, to_seq, expires_at) where expires_at is not null;

-- The terms of the documents that are in no segment yet.
create table search_tails (
    tenant_id varchar(63) not null,
    scope     bigint      not null,
    doc       int         not null,
    terms     bytea       not null, -- posting.Document
    constraint search_tails_pkey primary key (tenant_id, scope, doc)
) with (toast_tuple_target = 8160);

-- Runs of documents, named by their first one, with what all their postings have in common.
create table search_segments (
    tenant_id  varchar(63) not null,
    scope      bigint      not null,
    segment    int         not null, -- the number of the first document
    documents  int         not null,
    from_seq   bigint      not null, -- of the first document
    to_seq     bigint      not null, -- of the last document
    length     bigint      not null, -- of all documents, in words
    ends       int         not null, -- how many documents have ended
    begins     bytea       not null, -- posting.AppendBegin
    constraint search_segments_pkey primary key (tenant_id, scope, segment)
) with (fillfactor = 70);

-- The postings of a segment, in buckets by hash. A search reads the buckets of its words, of all segments of a scope.
create table search_postings (
    tenant_id varchar(63) not null,
    scope     bigint      not null,
    bucket    int         not null, -- posting.BucketNumber
    segment   int         not null,
    data      bytea       not null,
    constraint search_postings_pkey primary key (tenant_id, scope, bucket, segment)
);
alter table search_postings alter column data set storage external; -- decompressing takes longer than reading

-- The terms of a segment, in buckets by how they begin and in others by how they end.
create table search_terms (
    tenant_id varchar(63) not null,
    scope     bigint      not null,
    bucket    int         not null, -- posting.BeginningNumber or posting.EndNumber
    segment   int         not null,
    data      bytea       not null, -- posting.Segment.Terms
    constraint search_terms_pkey primary key (tenant_id, scope, bucket, segment)
);

-- The ends of a segment's documents in the order of the log, in chunks, so that an end rewrites little.
create table search_ends (
    tenant_id varchar(63) not null,
    scope     bigint      not null,
    segment   int         not null,
    chunk     int         not null,
    data      bytea       not null, -- posting.AppendEnd
    constraint search_ends_pkey primary key (tenant_id, scope, segment, chunk)
) with (fillfactor = 50);
