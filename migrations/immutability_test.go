package migrations_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

const insertEventSQL = `
insert into events (tenant_id, sequence_id, event_id, stream_id, version, category, event_type, schema_version,
    agent_id, user_id, payload, metadata, occurred_at, created_at, hash)
values ('default', 1, gen_random_uuid(), gen_random_uuid(), 1, 'memory', 'memory_remembered', 1,
    'agent', 'user', '{"content": "first"}', '{}', now(), now(), '\x00')`

func appendEvent(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	exec(t, conn, insertEventSQL)
}

func TestEventsAreImmutable(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	owner, admin := connect(t, dsn), superuser(t, dsn)
	appendEvent(t, owner)

	for _, statement := range []string{
		"update events set payload = '{}'",
		"update events set hash = hash where sequence_id = 1",
		"delete from events",
		"truncate events",
		"truncate events cascade",
		insertEventSQL + " on conflict (tenant_id, sequence_id) do update set payload = '{}'",
	} {
		requireRefused(t, owner, statement, "permission denied for table events")
		requireRefused(t, admin, statement, "events are immutable")
	}

	// The owner can give itself the privileges back; the trigger stands all the same.
	exec(t, owner, "grant update, delete, truncate on events to current_user")
	requireRefused(t, owner, "update events set payload = '{}'", "events are immutable")
	requireRefused(t, owner, "delete from events", "events are immutable")
	requireRefused(t, owner, "truncate events", "events are immutable")

	// Nor does a session get past it that replays what others decided, in which ordinary triggers are asleep.
	exec(t, admin, "set session_replication_role = replica")
	requireRefused(t, admin, "update events set payload = '{}'", "events are immutable")
	requireRefused(t, admin, "truncate events", "events are immutable")

	require.EqualValues(t, 1, count(t, owner, `select count(*) from events where payload::text = '{"content": "first"}'`))
}

func requireRefused(t *testing.T, conn *pgx.Conn, statement, says string) {
	t.Helper()
	_, err := conn.Exec(t.Context(), statement)
	var refusal *pgconn.PgError
	require.ErrorAs(t, err, &refusal, statement)
	require.Equal(t, "42501", refusal.Code, statement)
	require.Contains(t, refusal.Message, says, statement)
}
