package scenario

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// tiny is a run of the shortest kind.
func tiny(t *testing.T, scenarios ...string) measure.Config {
	return measure.Config{
		DSN: pgtest.DSN(t), Dir: t.TempDir(), Scenarios: scenarios, Rounds: 1, Events: 1000, Duration: 20 * time.Millisecond,
	}
}

// One after the other: each has the connections of a whole server.
func TestEachScenarioMeasuresEverySideAndLeavesTheDatabaseEmpty(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			config := tiny(t, s.name)
			lastDone, lastTotal := 0, 0
			config.Progress = func(done, total int, doing string) {
				require.GreaterOrEqual(t, done, lastDone)
				require.True(t, strings.HasPrefix(doing, s.name+": "), doing)
				lastDone, lastTotal = done, total
			}
			report, err := Run(t.Context(), config)
			require.NoError(t, err)
			require.Equal(t, s.measurements*config.Rounds, lastTotal)
			require.Equal(t, lastTotal, lastDone, "as many as were announced")
			sides := 0
			for _, r := range report.Results {
				require.Equal(t, s.name, r.Scenario)
				require.True(t, r.Sides[0].Floor)
				for _, side := range r.Sides {
					sides++
					requireMeasured(t, r, side)
				}
			}
			require.Equal(t, s.measurements, sides)
			require.NoError(t, world.CheckEmpty(t.Context(), config.DSN, zap.NewNop()))
		})
	}
}

func requireMeasured(t *testing.T, r measure.Result, s measure.Side) {
	t.Helper()
	require.Positive(t, s.PerSecond.Min, "%s, %s", r.Case, s.Name)
	require.NotEmpty(t, s.Unit)
	if s.Floor {
		require.Empty(t, s.Ratios)
		return
	}
	require.NotEmpty(t, s.Ratios)
	for _, ratio := range s.Ratios {
		require.Positive(t, ratio.PerSecond.Min, "%s, %s", r.Case, s.Name)
		require.Equal(t, s.P50 != nil, ratio.P50 != nil)
	}
}

func TestAReportDescribesTheMachine(t *testing.T) {
	config := tiny(t, "freshness")
	config.Rounds = 2 // forth and back
	report, err := Run(t.Context(), config)
	require.NoError(t, err)
	require.Positive(t, report.Machine.Cores)
	require.NotEmpty(t, report.Machine.PostgreSQL)
	require.Contains(t, strings.Join(report.Describe(), "\n"), "fsync off", "the tests' server does not sync, and the report says so")
	raw, err := json.Marshal(report)
	require.NoError(t, err)
	require.NotContains(t, string(raw), config.DSN)
}

func TestARunThatIsInterruptedLeavesTheDatabaseEmpty(t *testing.T) {
	config := tiny(t, "project")
	ctx, interrupt := context.WithCancel(t.Context())
	config.Progress = func(done, _ int, _ string) {
		if done == 1 {
			interrupt()
		}
	}
	_, err := Run(ctx, config)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, world.CheckEmpty(t.Context(), config.DSN, zap.NewNop()))
}
