package migrations

// tables and functions are all that the migrations create, but for the migration table.
var (
	tables = []string{
		"logs", "events", "event_contents", "commands", "imported", "projection_generations", "projection_checkpoints", "projectors",
	}
	// Package projections/generation creates the read models: a table in the schema of the live generation and a view of it each.
	readModels = []string{"agent_memories", "agent_memory_history", "search_documents", "search_ends", "search_languages",
		"search_postings", "search_scopes", "search_segments", "search_tails", "search_terms"}
	functions = []string{"refuse_event_change", "erase_digests"}
)

// catalogSQL describes our tables ($1) and functions ($2), a row (object, definition) for each object. The search_path finds
// the tables of the live generations before the views of the same names. The text is the same on every supported version of PostgreSQL: not-null constraints, which
// version 18 lists among the constraints, are left to the columns; indexes that constraints own, to these.
const catalogSQL = `
with ours as (
    select c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relowner, c.relacl
    from pg_class c
    where c.relname = any($1::text[])
      and pg_table_is_visible(c.oid)
)
select
    'table ' || relname,
    concat_ws(' ',
        case relpersistence when 'p' then 'permanent' when 'u' then 'unlogged' else 'temporary' end,
        case relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
            else 'relation of kind ' || relkind::text end,
        case when relrowsecurity then 'with row security' end)
from ours
union all
select
    'column ' || t.relname || '.' || a.attname,
    concat_ws(' ',
        format_type(a.atttypid, a.atttypmod),
        case when a.attcollation <> y.typcollation then 'collate ' || l.collname end,
        case when a.attnotnull then 'not null' end,
        case when a.attidentity <> '' then 'generated as identity' end,
        case a.attgenerated
            when 's' then 'generated always as (' || pg_get_expr(d.adbin, d.adrelid, true) || ') stored'
            when 'v' then 'generated always as (' || pg_get_expr(d.adbin, d.adrelid, true) || ') virtual'
            else 'default ' || pg_get_expr(d.adbin, d.adrelid, true) end)
from ours t
join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
join pg_type y on y.oid = a.atttypid
left join pg_collation l on l.oid = a.attcollation
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
union all
select
    'constraint ' || t.relname || '.' || c.conname,
    pg_get_constraintdef(c.oid, true)
from ours t
join pg_constraint c on c.conrelid = t.oid
where c.contype not in ('n', 't')
union all
select
    'index ' || t.relname || '.' || c.relname,
    pg_get_indexdef(i.indexrelid, 0, true) || case when i.indisvalid then '' else ' (invalid)' end
from ours t
join pg_index i on i.indrelid = t.oid
join pg_class c on c.oid = i.indexrelid
where not exists (
    select
    from pg_constraint o
    where o.conindid = i.indexrelid
      and o.contype in ('p', 'u', 'x'))
union all
select
    'trigger ' || t.relname || '.' || g.tgname,
    pg_get_triggerdef(g.oid, true)
        || case g.tgenabled when 'O' then '' when 'A' then ' (always)' when 'R' then ' (on replicas only)'
            else ' (disabled)' end
from ours t
join pg_trigger g on g.tgrelid = t.oid
where not g.tgisinternal
union all
select
    'rule ' || t.relname || '.' || r.rulename,
    pg_get_ruledef(r.oid, true)
from ours t
join pg_rewrite r on r.ev_class = t.oid
union all
select
    'statistics ' || t.relname || '.' || s.stxname,
    (
        select string_agg(
            case k when 'd' then 'ndistinct' when 'f' then 'dependencies' when 'm' then 'mcv' else k::text end, ', ')
        from unnest(s.stxkind) k
    ) || ' on ' || pg_get_statisticsobjdef_columns(s.oid)
from ours t
join pg_statistic_ext s on s.stxrelid = t.oid
union all
select
    'view ' || v.relname,
    case when exists (
        select
        from pg_rewrite r
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
        where r.ev_class = v.oid
          and d.refobjid = t.oid) then 'of the live table' else 'of another table' end
from ours t
join pg_class v on v.relname = t.relname and v.relkind = 'v' and v.oid <> t.oid
join pg_namespace n on n.oid = v.relnamespace
where n.nspname = any(current_schemas(false))
union all
select
    'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    concat_ws(' ',
        'returns ' || format_type(p.prorettype, null),
        'language ' || l.lanname,
        case when p.prosecdef then 'security definer' end,
        'set ' || array_to_string(p.proconfig, ', '),
        'as ' || to_json(p.prosrc))
from pg_proc p
join pg_language l on l.oid = p.prolang
where p.proname = any($2::text[])
  and pg_function_is_visible(p.oid)
union all
-- Privileges do not bind a superuser; for one, what counts is what anybody at all was granted.
select
    'privilege ' || t.relname || '.' || p.name,
    'granted'
from ours t
cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p (name)
where t.relname = 'events'
  and case
    when (select rolsuper from pg_roles where rolname = current_user) then exists (
        select
        from aclexplode(coalesce(t.relacl, acldefault('r', t.relowner))) g
        where g.privilege_type = upper(p.name))
    when p.name = 'update' then has_any_column_privilege(t.oid, p.name)
    else has_table_privilege(t.oid, p.name)
  end`
