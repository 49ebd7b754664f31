package world

import (
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/migrations"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestADatabaseThatHoldsAMemoryIsRefused(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	dsn := pool.Config().ConnString()
	require.NoError(t, CheckEmpty(t.Context(), dsn, zap.NewNop()))
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	defer appends.Close()
	id := uuid.New()
	_, err := commands.New(log, appends, commands.Config{}).Remember(t.Context(), commands.Request{Tenant: domain.DefaultTenant},
		commands.Remember{ID: &id, Draft: memory.Draft{AgentID: "a", UserID: "u", Content: canonjson.MustParse(`"kept"`)}})
	require.NoError(t, err)
	require.ErrorIs(t, CheckEmpty(t.Context(), dsn, zap.NewNop()), ErrNotEmpty)
	kept, _, err := log.ReadStream(t.Context(), domain.DefaultTenant, id, 1, eventstore.Forwards, 10)
	require.NoError(t, err)
	require.Len(t, kept, 1)
}

func TestADatabaseThatAnotherAURENUsesIsRefused(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	config.RuntimeParams["application_name"] = "auren projector"
	other, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer other.Close(t.Context())
	err = CheckEmpty(t.Context(), dsn, zap.NewNop())
	require.ErrorIs(t, err, ErrNotEmpty)
	require.ErrorContains(t, err, "auren projector is connected")
}

func TestADatabaseOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), "alter table auren_agent_memories_g1.agent_memories add column mine text")
	require.NoError(t, err)
	require.ErrorContains(t, CheckEmpty(t.Context(), dsn, zap.NewNop()), "not that of this program: column agent_memories.mine")

	require.NoError(t, migrations.Reset(t.Context(), dsn))
	var version *migrations.VersionError
	require.ErrorAs(t, CheckEmpty(t.Context(), dsn, zap.NewNop()), &version)
}

func TestAPrivateServerSyncsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dataDir := pgtest.DataDir(t)
	private, err := StartPrivate(t.Context(), dataDir, zap.NewNop())
	require.NoError(t, err)
	require.NoError(t, CheckEmpty(t.Context(), private.DSN(), zap.NewNop()))
	machine, err := measure.Describe(t.Context(), private.DSN(), private.Dir())
	require.NoError(t, err)
	require.Contains(t, machine.Settings, measure.Setting{Name: "fsync", Value: "on"})
	require.Contains(t, machine.Settings, measure.Setting{Name: "synchronous_commit", Value: "on"})
	require.NoError(t, private.Close())
	left, err := os.ReadDir(dataDir)
	require.NoError(t, err)
	require.Empty(t, left)
}
