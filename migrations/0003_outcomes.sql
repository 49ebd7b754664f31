-- +goose Up

-- The outcome of a command whose only write left its stream at an event is told by that event, so that most commands take
-- no more than a few bytes; of the others it is written down.
alter table commands
    add column sequence_id bigint,
    alter column outcome drop not null,
    add constraint commands_outcome_check check (outcome is not null or sequence_id is not null);
