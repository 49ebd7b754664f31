-- +goose Up

-- The outcomes of the first version of the schema are lists of what became of each write; since then they are objects that hold
-- the list.
update commands
   set outcome = jsonb_build_object('writes', outcome),
       sequence_id = coalesce((select max((w ->> 'sequence_id')::bigint) from jsonb_array_elements(outcome) as w), 0)
 where jsonb_typeof(outcome) = 'array';
