-- +goose Up

-- What an event says is kept as the text that was hashed, from now on; what is there keeps the spelling of jsonb. To take it
-- apart was a quarter of what appending a batch of events took, all of it while the next batch waited, and nothing is asked of
-- what is in a payload.

-- All of the log is written anew.
set local statement_timeout = 0;
set local lock_timeout = 0;
alter table events
    alter column payload type json using payload::json,
    alter column metadata type json using metadata::json;
