package migrations

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// schema is what a freshly migrated database looks like: a line "object: definition" for each object.
// A test compares the two, and rewrites it under -update.
//
//go:embed schema.txt
var schema string

// Problem says in what way an object is not as expected.
type Problem string

// The problems that an object may have.
const (
	// Missing is an object that ought to be there.
	Missing Problem = "missing"
	// Different is an object that is defined in another way.
	Different Problem = "different"
	// Unexpected is an object on one of our tables, or a privilege, that ought not to be there.
	Unexpected Problem = "unexpected"
)

// Difference is one thing in which a database is not what this program expects.
type Difference struct {
	// Object names it by kind, table and name, as in "column events.payload".
	Object string `json:"object"`
	// Problem says in what way it differs.
	Problem Problem `json:"problem"`
	// Expected is its definition as this program knows it; empty where it is unexpected.
	Expected string `json:"expected,omitempty"`
	// Actual is its definition in the database; empty where it is missing.
	Actual string `json:"actual,omitempty"`
}

// String says the difference in one line.
func (d Difference) String() string {
	switch d.Problem {
	case Missing:
		return fmt.Sprintf("%s is missing; expected: %s", d.Object, d.Expected)
	case Unexpected:
		return fmt.Sprintf("%s is unexpected: %s", d.Object, d.Actual)
	default:
		return fmt.Sprintf("%s is different: %s; expected: %s", d.Object, d.Actual, d.Expected)
	}
}

// beginner is a connection or a pool.
type beginner interface {
	BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error)
}

// Verify compares the database with what this program expects: the version, and of each of our tables
// the columns, constraints, indexes, triggers, rules and extended statistics, our functions, and what
// the current role may do to events. The differences come sorted by object; none means that all is well.
// For a missing table it reports only the table. It ignores other tables, and storage parameters, which are the
// operator's to tune. It writes nothing: its transaction is read only.
func Verify(ctx context.Context, db beginner) ([]Difference, error) {
	var actual map[string]string
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, db, options, func(tx pgx.Tx) (err error) {
		actual, err = describe(ctx, tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return compare(parseManifest(schema), actual), nil
}

const describeSQL = `select coalesce(json_object_agg(object, definition), '{}') from (` + catalogSQL + `) as described (object, definition)`

// describe returns the definition of each object that is in the database.
func describe(ctx context.Context, tx pgx.Tx) (map[string]string, error) {
	current, _, err := Version(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := findReadModels(ctx, tx); err != nil {
		return nil, fmt.Errorf("find the read models: %w", err)
	}
	var described map[string]string
	if err := tx.QueryRow(ctx, describeSQL, slices.Concat(tables, readModels), functions).Scan(&described); err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	described["version"] = strconv.FormatInt(current, 10)
	return described, nil
}

const (
	haveGenerations = `select to_regclass('projection_generations') is not null`
	// Definitions then name these tables without their schemas, whatever the number of the generation.
	putLiveFirst = `
select set_config('search_path', concat_ws(', ', string_agg(quote_ident(schema_name), ', '), current_setting('search_path')), true)
from projection_generations
where state = 'live'`
)

// findReadModels puts the schemas of the live generations first in the search_path of the transaction.
func findReadModels(ctx context.Context, tx pgx.Tx) error {
	var have bool
	if err := tx.QueryRow(ctx, haveGenerations).Scan(&have); err != nil || !have {
		return err
	}
	_, err := tx.Exec(ctx, putLiveFirst)
	return err
}

func compare(expected, actual map[string]string) []Difference {
	var differences []Difference
	for object, definition := range expected {
		found, ok := actual[object]
		switch {
		case !ok && !tableMissing(object, actual):
			differences = append(differences, Difference{Object: object, Problem: Missing, Expected: definition})
		case ok && found != definition:
			differences = append(differences, Difference{Object: object, Problem: Different, Expected: definition, Actual: found})
		}
	}
	for object, found := range actual {
		if _, ok := expected[object]; !ok {
			differences = append(differences, Difference{Object: object, Problem: Unexpected, Actual: found})
		}
	}
	slices.SortFunc(differences, func(a, b Difference) int { return strings.Compare(a.Object, b.Object) })
	return differences
}

// tableMissing tells whether object, as in "column events.payload", is part of a table that is missing, or its view.
func tableMissing(object string, actual map[string]string) bool {
	kind, name, _ := strings.Cut(object, " ")
	table, _, part := strings.Cut(name, ".")
	_, present := actual["table "+table]
	return (part || kind == "view") && !present
}

func parseManifest(text string) map[string]string {
	objects := map[string]string{}
	for line := range strings.Lines(text) {
		object, definition, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		objects[object] = definition
	}
	return objects
}
