package migrations_test

import (
	"flag"
	"maps"
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
	var text string
	for _, object := range slices.Sorted(maps.Keys(fresh)) {
		text += object + ": " + fresh[object] + "\n"
	}
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
	for change, difference := range map[string]string{
		"drop index auren_agent_memories_g1.agent_memories_scope_created_idx":                                                                                              "index agent_memories.agent_memories_scope_created_idx is missing; expected: ",
		"drop index auren_agent_memories_g1.agent_memories_sequence_idx; create index agent_memories_sequence_idx on auren_agent_memories_g1.agent_memories (sequence_id)": "index agent_memories.agent_memories_sequence_idx is different: ",
		"create index more on logs (sequence_id)":                                                                          "index logs.more is unexpected: ",
		"alter table events add column note text":                                                                          "column events.note is unexpected: ",
		"alter table commands drop column fingerprint":                                                                     "column commands.fingerprint is missing; expected: ",
		"alter table projection_checkpoints alter column projection type varchar(40)":                                      "column projection_checkpoints.projection is different: character varying(40) not null; expected: text not null",
		`alter table projectors alter column holder type text collate "C"`:                                                 "column projectors.holder is different: ",
		"alter table events alter column hash drop not null":                                                               "column events.hash is different: bytea; expected: bytea not null",
		"alter table logs alter column sequence_id set default 7":                                                          "column logs.sequence_id is different: bigint not null default 7; expected: bigint not null default 0",
		"alter table auren_agent_memories_g1.agent_memories alter column is_deleted drop expression":                       "column agent_memories.is_deleted is different: ",
		"alter table events drop constraint events_stream_version_key":                                                     "constraint events.events_stream_version_key is missing; expected: ",
		"alter table events drop constraint events_version_check, add constraint events_version_check check (version > 1)": "constraint events.events_version_check is different: ",
		"alter table events disable trigger events_immutable":                                                              "trigger events.events_immutable is different: ",
		"drop trigger events_not_truncated on events":                                                                      "trigger events.events_not_truncated is missing; expected: ",
		"create trigger more before insert on events for each row execute function refuse_event_change()":                  "trigger events.more is unexpected: ",
		"create rule swallow as on insert to events do instead nothing":                                                    "rule events.swallow is unexpected: ",
		"create or replace function refuse_event_change() returns trigger language plpgsql as 'begin return new; end'":     "function refuse_event_change() is different: ",
		"drop statistics auren_agent_memories_g1.agent_memories_scope_stats":                                               "statistics agent_memories.agent_memories_scope_stats is missing; expected: ",
		"drop statistics auren_agent_memories_g1.agent_memories_scope_stats; create statistics auren_agent_memories_g1.agent_memories_scope_stats (mcv) on agent_id, user_id from auren_agent_memories_g1.agent_memories": "statistics agent_memories.agent_memories_scope_stats is different: mcv on agent_id, user_id; expected: dependencies on agent_id, user_id",
		"grant update on events to current_user":                                                  "privilege events.update is unexpected: ",
		"grant update (payload) on events to current_user":                                        "privilege events.update is unexpected: ",
		"grant truncate on events to public":                                                      "privilege events.truncate is unexpected: ",
		"revoke insert on events from current_user":                                               "privilege events.insert is missing; expected: ",
		"alter table auren_search_g2.search_documents enable row level security":                  "table search_documents is different: ",
		"alter table commands set unlogged":                                                       "table commands is different: unlogged table; expected: permanent table",
		"drop view agent_memory_history; drop table auren_agent_memories_g1.agent_memory_history": "table agent_memory_history is missing; expected: ",
		"drop view agent_memory_history":                                                          "view agent_memory_history is missing; expected: ",
		`create table old (like auren_agent_memories_g1.agent_memory_history);
			create or replace view agent_memory_history as select * from old`: "view agent_memory_history is different: ",
		"drop table schema_migrations": "version is different: ",
		"create table notes (id int); alter table events set (autovacuum_vacuum_scale_factor = 0.01)": "",
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			conn := connect(t, pgtest.DSN(t))
			exec(t, conn, change)
			differences, err := migrations.Verify(t.Context(), conn)
			require.NoError(t, err)
			if difference == "" { // what is not ours
				require.Empty(t, differences)
				return
			}
			require.Len(t, differences, 1)
			require.Regexp(t, "^"+regexp.QuoteMeta(difference), differences[0].String())
		})
	}
}

func TestVerifyOfAnEmptyDatabaseReportsTablesNotTheirParts(t *testing.T) {
	t.Parallel()
	differences, err := migrations.Verify(t.Context(), connect(t, emptyDatabase(t)))
	require.NoError(t, err)
	part := regexp.MustCompile(`^(table \w+|function \w+\(\)|version)$`)
	require.Len(t, differences, len(migrations.Tables)+3, "and two functions, and the version")
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
	reader := connect(t, with(dsn, "default_transaction_read_only", "on"))
	for differences, change := range []string{"select 1", "drop index auren_agent_memories_g1.agent_memories_due_idx", "drop table schema_migrations"} {
		exec(t, connect(t, dsn), change)
		found, err := migrations.Verify(t.Context(), reader)
		require.NoError(t, err)
		require.Len(t, found, differences)
	}
}
