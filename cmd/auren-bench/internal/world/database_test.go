package world

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/migrations"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

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
