package rebuild

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// errStrangers says that others put something on a live table that would be lost with it.
var errStrangers = errors.New("the live tables carry what is not AUREN's and would be lost; take it off, and put it on again after the rebuild")

// What copies do not have, by kind and name: what somebody else put on the live tables, or made of them. ($1: the live tables)
const readStrangers = `
with live as (select unnest($1::text[])::regclass as oid)
select format('trigger %I on %s', t.tgname, t.tgrelid::regclass) as stranger
  from pg_trigger as t
 where t.tgrelid in (select oid from live) and not t.tgisinternal
 union
select format('publication %I of %s', p.pubname, m.prrelid::regclass)
  from pg_publication_rel as m
  join pg_publication as p on p.oid = m.prpubid
 where m.prrelid in (select oid from live)
 union
select format('policy %I on %s', p.polname, p.polrelid::regclass)
  from pg_policy as p
 where p.polrelid in (select oid from live)
 union
select format('rule %I on %s', r.rulename, r.ev_class::regclass)
  from pg_rewrite as r
 where r.ev_class in (select oid from live)
 union
select format('view %s of %s', r.ev_class::regclass, d.refobjid::regclass)
  from pg_depend as d
  join pg_rewrite as r on r.oid = d.objid
 where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
   and d.refobjid in (select oid from live) and r.ev_class not in (select oid from live)
 union
select format('foreign key %I of %s on %s', c.conname, c.conrelid::regclass, c.confrelid::regclass)
  from pg_constraint as c
 where c.contype = 'f' and c.confrelid in (select oid from live)
 order by stranger`

// refuseStrangers names, in an error, what the swap would take from others.
func (b *build) refuseStrangers(ctx context.Context, q querier) error {
	var originals []string
	for _, table := range b.tables {
		originals = append(originals, b.original(table))
	}
	rows, err := q.Query(ctx, readStrangers, originals)
	if err != nil {
		return fmt.Errorf("look for what is on the live tables: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look for what is on the live tables: %w", err)
	}
	if len(found) > 0 {
		return fmt.Errorf("%w: %s", errStrangers, strings.Join(found, ", "))
	}
	return nil
}
