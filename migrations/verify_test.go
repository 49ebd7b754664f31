package migrations_test

import (
	"context"
	"flag"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/migrations"
)

var update = flag.Bool("update", false, "rewrite schema.txt from a freshly migrated database")

func TestSchemaTextIsAFreshlyMigratedDatabase(t *testing.T) {
	t.Parallel()
	var fresh map[string]string
	err := pgx.BeginFunc(t.Context(), connect(t, pgtest.DSN(t)), func(tx pgx.Tx) (err error) {
		fresh, err = migrations.Describe(t.Context(), tx)
		return err
	})
	require.NoError(t, err)
	text := migrations.FormatManifest(fresh)
	if *update {
		require.NoError(t, os.WriteFile("schema.txt", []byte(text), 0o644))
		return
	}
	require.Equal(t, text, migrations.Schema, "run `go test ./migrations -update` if this change is meant")
}

func TestEveryTableAndFunctionOfTheMigrationsIsKnown(t *testing.T) {
	t.Parallel()
	rows, err := connect(t, pgtest.DSN(t)).Query(t.Context(), `
		select relname::text
		from pg_class
		where relnamespace = 'public'::regnamespace
		  and relkind in ('r', 'p', 'v', 'm', 'f')
		  and relname <> 'schema_migrations'`)
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.ElementsMatch(t, migrations.Tables, found)
}

func TestVerifyFindsEachDifference(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change      string
		differences []migrations.Difference
	}{
		"a dropped index": {
			"drop index auren_agent_memories_g1.agent_memories_scope_created_idx",
			[]migrations.Difference{{Object: "index agent_memories.agent_memories_scope_created_idx", Problem: migrations.Missing}},
		},
		"an index over other columns": {
			"drop index auren_agent_memories_g1.agent_memories_sequence_idx; create index agent_memories_sequence_idx on auren_agent_memories_g1.agent_memories (sequence_id)",
			[]migrations.Difference{{Object: "index agent_memories.agent_memories_sequence_idx", Problem: migrations.Different}},
		},
		"an added index": {
			"create index more on logs (sequence_id)",
			[]migrations.Difference{{Object: "index logs.more", Problem: migrations.Unexpected}},
		},
		"an added column": {
			"alter table events add column note text",
			[]migrations.Difference{{Object: "column events.note", Problem: migrations.Unexpected}},
		},
		"a dropped column": {
			"alter table commands drop column fingerprint",
			[]migrations.Difference{{Object: "column commands.fingerprint", Problem: migrations.Missing}},
		},
		"another type": {
			"alter table projection_checkpoints alter column projection type varchar(40)",
			[]migrations.Difference{{Object: "column projection_checkpoints.projection", Problem: migrations.Different,
				Expected: "text not null", Actual: "character varying(40) not null"}},
		},
		"another collation": {
			`alter table projectors alter column holder type text collate "C"`,
			[]migrations.Difference{{Object: "column projectors.holder", Problem: migrations.Different}},
		},
		"a column that may be null": {
			"alter table events alter column hash drop not null",
			[]migrations.Difference{{Object: "column events.hash", Problem: migrations.Different,
				Expected: "bytea not null", Actual: "bytea"}},
		},
		"another default": {
			"alter table logs alter column sequence_id set default 7",
			[]migrations.Difference{{Object: "column logs.sequence_id", Problem: migrations.Different,
				Expected: "bigint not null default 0", Actual: "bigint not null default 7"}},
		},
		"a column no longer generated": {
			"alter table auren_agent_memories_g1.agent_memories alter column is_deleted drop expression",
			[]migrations.Difference{{Object: "column agent_memories.is_deleted", Problem: migrations.Different}},
		},
		"a dropped constraint": {
			"alter table events drop constraint events_stream_version_key",
			[]migrations.Difference{{Object: "constraint events.events_stream_version_key", Problem: migrations.Missing}},
		},
		"another check": {
			"alter table events drop constraint events_version_check, add constraint events_version_check check (version > 1)",
			[]migrations.Difference{{Object: "constraint events.events_version_check", Problem: migrations.Different}},
		},
		"a disabled trigger": {
			"alter table events disable trigger events_immutable",
			[]migrations.Difference{{Object: "trigger events.events_immutable", Problem: migrations.Different}},
		},
		"a dropped trigger": {
			"drop trigger events_not_truncated on events",
			[]migrations.Difference{{Object: "trigger events.events_not_truncated", Problem: migrations.Missing}},
		},
		"an added trigger": {
			"create trigger more before insert on events for each row execute function refuse_event_change()",
			[]migrations.Difference{{Object: "trigger events.more", Problem: migrations.Unexpected}},
		},
		"a rule that swallows": {
			"create rule swallow as on insert to events do instead nothing",
			[]migrations.Difference{{Object: "rule events.swallow", Problem: migrations.Unexpected}},
		},
		"another function body": {
			"create or replace function refuse_event_change() returns trigger language plpgsql as 'begin return new; end'",
			[]migrations.Difference{{Object: "function refuse_event_change()", Problem: migrations.Different}},
		},
		"dropped statistics": {
			"drop statistics auren_agent_memories_g1.agent_memories_scope_stats",
			[]migrations.Difference{{Object: "statistics agent_memories.agent_memories_scope_stats", Problem: migrations.Missing}},
		},
		"statistics of another kind": {
			"drop statistics auren_agent_memories_g1.agent_memories_scope_stats; create statistics auren_agent_memories_g1.agent_memories_scope_stats (mcv) on agent_id, user_id from auren_agent_memories_g1.agent_memories",
			[]migrations.Difference{{Object: "statistics agent_memories.agent_memories_scope_stats", Problem: migrations.Different,
				Expected: "dependencies on agent_id, user_id", Actual: "mcv on agent_id, user_id"}},
		},
		"a granted update": {
			"grant update on events to current_user",
			[]migrations.Difference{{Object: "privilege events.update", Problem: migrations.Unexpected}},
		},
		"an update granted for one column": {
			"grant update (payload) on events to current_user",
			[]migrations.Difference{{Object: "privilege events.update", Problem: migrations.Unexpected}},
		},
		"a truncate granted to all": {
			"grant truncate on events to public",
			[]migrations.Difference{{Object: "privilege events.truncate", Problem: migrations.Unexpected}},
		},
		"an insert revoked": {
			"revoke insert on events from current_user",
			[]migrations.Difference{{Object: "privilege events.insert", Problem: migrations.Missing}},
		},
		"row security": {
			"alter table auren_search_g2.agent_memory_search enable row level security",
			[]migrations.Difference{{Object: "table agent_memory_search", Problem: migrations.Different}},
		},
		"an unlogged table": {
			"alter table commands set unlogged",
			[]migrations.Difference{{Object: "table commands", Problem: migrations.Different,
				Expected: "permanent table", Actual: "unlogged table"}},
		},
		"a dropped table": {
			"drop view agent_memory_history; drop table auren_agent_memories_g1.agent_memory_history",
			[]migrations.Difference{{Object: "table agent_memory_history", Problem: migrations.Missing}},
		},
		"a dropped view": {
			"drop view agent_memory_history",
			[]migrations.Difference{{Object: "view agent_memory_history", Problem: migrations.Missing}},
		},
		"a view of another table": {
			`create table old (like auren_agent_memories_g1.agent_memory_history);
			create or replace view agent_memory_history as select * from old`,
			[]migrations.Difference{{Object: "view agent_memory_history", Problem: migrations.Different}},
		},
		"a lost version": {
			"drop table schema_migrations",
			[]migrations.Difference{{Object: "version", Problem: migrations.Different}},
		},
		"what is not ours": {
			"create table notes (id int); alter table events set (autovacuum_vacuum_scale_factor = 0.01)",
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := connect(t, pgtest.DSN(t))
			exec(t, conn, test.change)
			differences, err := migrations.Verify(t.Context(), conn)
			require.NoError(t, err)
			requireDifferences(t, test.differences, differences)
		})
	}
}

// requireDifferences compares definitions only where the wanted difference gives them.
func requireDifferences(t *testing.T, want, got []migrations.Difference) {
	t.Helper()
	require.Len(t, got, len(want), "%v", got)
	for i := range want {
		require.Equal(t, want[i].Problem != migrations.Unexpected, got[i].Expected != "")
		require.Equal(t, want[i].Problem != migrations.Missing, got[i].Actual != "")
		require.Contains(t, got[i].String(), got[i].Object)
		if want[i].Expected == "" && want[i].Actual == "" {
			got[i].Expected, got[i].Actual = "", ""
		}
	}
	require.Equal(t, want, got)
}

func TestVerifyOfAnEmptyDatabaseReportsTablesNotTheirParts(t *testing.T) {
	t.Parallel()
	differences, err := migrations.Verify(t.Context(), connect(t, emptyDatabase(t)))
	require.NoError(t, err)
	part := regexp.MustCompile(`^(table \w+|function \w+\(\)|version)$`)
	require.Len(t, differences, len(migrations.Tables)+2)
	require.False(t, slices.ContainsFunc(differences, func(d migrations.Difference) bool { return !part.MatchString(d.Object) }))
}

func TestVerifyOfASuperuserReportsWhatAnybodyWasGranted(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	admin := superuser(t, dsn)
	differences, err := migrations.Verify(t.Context(), admin)
	require.NoError(t, err)
	require.Empty(t, differences)

	exec(t, connect(t, dsn), "grant delete on events to current_user")
	differences, err = migrations.Verify(t.Context(), admin)
	require.NoError(t, err)
	require.Equal(t, []migrations.Difference{
		{Object: "privilege events.delete", Problem: migrations.Unexpected, Actual: "granted"},
	}, differences)
}

func TestVerifyWritesNothing(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	conn := connect(t, dsn)
	appendEvent(t, conn)
	for _, change := range []string{"select 1", "drop index auren_agent_memories_g1.agent_memories_due_idx", "drop table schema_migrations"} {
		exec(t, conn, change)
		watched := &watchedConn{Conn: conn}
		_, err := migrations.Verify(t.Context(), watched)
		require.NoError(t, err)
		require.Equal(t, []bool{false}, watched.wrote)
	}

	reader := connect(t, with(dsn, "default_transaction_read_only", "on"))
	differences, err := migrations.Verify(t.Context(), reader)
	require.NoError(t, err)
	require.Len(t, differences, 2)
}

// watchedConn notes of each of its transactions, as it commits, whether it wrote: only then has the
// server given it an id.
type watchedConn struct {
	*pgx.Conn
	wrote []bool
}

func (c *watchedConn) BeginTx(ctx context.Context, options pgx.TxOptions) (pgx.Tx, error) {
	tx, err := c.Conn.BeginTx(ctx, options)
	return watchedTx{tx, c}, err
}

type watchedTx struct {
	pgx.Tx
	conn *watchedConn
}

func (tx watchedTx) Commit(ctx context.Context) error {
	var wrote bool
	if err := tx.QueryRow(ctx, "select pg_current_xact_id_if_assigned() is not null").Scan(&wrote); err != nil {
		return err
	}
	tx.conn.wrote = append(tx.conn.wrote, wrote)
	return tx.Tx.Commit(ctx)
}
