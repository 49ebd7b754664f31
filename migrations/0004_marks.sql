-- +goose Up

-- A command of one event is recorded by that event, whose id is made from the command's. A server of before, which would not
-- find it, fails to record such a command, and appends nothing, rather than append it a second time.
alter table commands
    add constraint commands_told_check check (outcome is not null) not valid;

-- How many commands of the log have a row. Whoever waits for the lock of the log finds out by it that one came meanwhile.
alter table logs
    add column commands bigint not null default 0;
update logs
   set commands = (select count(*) from commands where commands.tenant_id = logs.tenant_id);
