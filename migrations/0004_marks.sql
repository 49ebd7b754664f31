-- +goose Up

-- In the order in which an append locks them.
lock table logs, commands in access exclusive mode;

-- A command of one event is recorded by that event, whose id is made from the command's; rows are of other commands, and say
-- at which sequence_id the log was. A server of before, which would not find such an event and whose rows nobody would
-- look for, fails to record a command, and appends nothing.
alter table commands
    add constraint commands_complete_check check (outcome is not null and sequence_id is not null) not valid;

-- Moves with whatever an append that was decided without the lock must not overlook: the recording of a command by a row, and
-- the finding that an append was lost.
alter table logs
    add column epoch bigint not null default 0;
update logs
   set epoch = (select count(*) from commands where commands.tenant_id = logs.tenant_id);
