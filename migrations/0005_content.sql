-- +goose Up

-- Content is kept as the text that the event has. To write jsonb out, one character after the other, was half of what
-- reading a list took, and nothing is asked of what is in it.
alter table agent_memories alter column content type json using content::json;
alter table agent_memory_history alter column content type json using content::json;
