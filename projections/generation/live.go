package generation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// ErrDropped means that another program dropped a generation.
var ErrDropped = errors.New("another rebuild dropped the new tables")

const (
	retire   = `update projection_generations set state = 'retired' where projection = $1 and state = 'live'`
	makeLive = `update projection_generations set state = 'live' where generation = $1 and state = 'building'`
)

// MakeLive makes a generation the live one: it retires the one before and lets the views show the tables of this one.
// Replacing a view waits for its readers, for as long as lock_timeout allows. It returns ErrDropped if the generation does
// not exist any more.
func MakeLive(ctx context.Context, tx pgx.Tx, g Generation, m Model) error {
	if _, err := tx.Exec(ctx, retire, g.Projection); err != nil {
		return fmt.Errorf("retire the live tables of %s: %w", g.Projection, err)
	}
	tag, err := tx.Exec(ctx, makeLive, g.Number)
	if err != nil {
		return fmt.Errorf("make %s live: %w", g.Schema, err)
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("make %s live: %w", g.Schema, ErrDropped)
	}
	// In the order in which readers of several tables lock them.
	tables := slices.Sorted(slices.Values(m.Tables()))
	slices.Reverse(tables)
	for _, table := range tables {
		if err := show(ctx, tx, g, table); err != nil {
			return fmt.Errorf("show %s.%s: %w", g.Schema, table, err)
		}
	}
	return nil
}

// invalidTableDefinition is the SQLSTATE if a view would lose or change a column.
const invalidTableDefinition = "42P16"

// show lets the view of a table show the table of the generation. A replaced view keeps its privileges and other users'
// views on it. If columns were changed or removed the view must be dropped, which fails if another user's view needs it.
func show(ctx context.Context, tx pgx.Tx, g Generation, table string) error {
	view := pgx.Identifier{table}.Sanitize()
	definition := fmt.Sprintf("view %s as select * from %s", view, g.Table(table))
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "create or replace "+definition)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != invalidTableDefinition {
		return err
	}
	for _, statement := range []string{"drop view " + view, "create " + definition} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Drop drops a generation that is not live, with everything in its schema.
func Drop(ctx context.Context, db Beginner, g Generation) error {
	err := pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, dropTimeout); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, "delete from projection_generations where generation = $1 and state <> 'live'", g.Number)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Exec(ctx, "drop schema if exists "+pgx.Identifier{g.Schema}.Sanitize()+" cascade")
		return err
	})
	if err != nil {
		return fmt.Errorf("drop the schema %s: %w", g.Schema, err)
	}
	return nil
}

// Another transaction cancels an autovacuum after waiting for it for deadlock_timeout, a second by default.
const dropTimeout = `set local statement_timeout = 0; set local lock_timeout = '5 s'`
