-- +goose Up

-- Content is kept as it is written, in canonical form. To write jsonb out again, one character after the other, was half of
-- what reading a list took. What is here is still spelled as jsonb spells it: version 2 of the projection makes it anew.
alter table agent_memories alter column content type json using content::json;
alter table agent_memory_history alter column content type json using content::json;
