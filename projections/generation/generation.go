package generation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// State is the state of a generation.
type State string

// The states; doc.go describes the transitions.
const (
	Building  State = "building"
	Comparing State = "comparing"
	Live      State = "live"
	Retired   State = "retired"
)

// Generation is one build of the tables of a projection.
type Generation struct {
	Number     int64
	Projection string
	// Version is the version of the projection that writes the tables.
	Version int
	State   State
	// Schema holds the tables.
	Schema    string
	CreatedAt time.Time
}

// Table returns the qualified name of a table, quoted.
func (g Generation) Table(name string) string { return pgx.Identifier{g.Schema, name}.Sanitize() }

// Model describes the tables of a projection.
type Model interface {
	Name() string
	Version() int
	// Tables names the tables.
	Tables() []string
	// Schema creates the tables: statements that end in a semicolon at the end of a line, with names that are not qualified. A rebuild
	// executes those that begin with "create index" after it has filled the tables.
	Schema() string
}

// Configured is a Model whose rows depend on more than the log: on settings in some of its tables, which only rebuilds write.
type Configured interface {
	Model
	// Settings names those tables.
	Settings() []string
}

// Querier is a pool, a connection or a transaction.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Beginner is a pool, a connection or a transaction.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

const list = `
select generation, projection, projection_version, state, schema_name, created_at
  from projection_generations
 order by generation`

// List returns all generations, oldest first.
func List(ctx context.Context, q Querier) ([]Generation, error) {
	rows, _ := q.Query(ctx, list) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Generation])
	if err != nil {
		return nil, fmt.Errorf("list the generations: %w", err)
	}
	return all, nil
}

// ErrNone means that a projection has no live generation: its tables were never created.
var ErrNone = errors.New("the projection has no tables; run `auren init`")

// FindLive returns the live generation of a projection, or ErrNone.
func FindLive(ctx context.Context, q Querier, projection string) (Generation, error) {
	all, err := List(ctx, q)
	if err != nil {
		return Generation{}, err
	}
	for _, g := range all {
		if g.Projection == projection && g.State == Live {
			return g, nil
		}
	}
	return Generation{}, fmt.Errorf("%s: %w", projection, ErrNone)
}
