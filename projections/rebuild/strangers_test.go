package rebuild_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/projections/rebuild"
)

func TestWhatOthersPutOnALiveTableIsNamedBeforeAnythingIsBuilt(t *testing.T) {
	t.Parallel()
	for stranger, sql := range map[string]string{
		"trigger mine on agent_memories":     `create trigger mine after insert on agent_memories for each row execute function refuse_event_change()`,
		"publication mine of agent_memories": `create publication mine for table agent_memories`,
		"policy mine on agent_memories":      `create policy mine on agent_memories`,
		"rule mine on agent_memories":        `create rule mine as on delete to agent_memories do also notify mine`,
		"view mine of agent_memories":        `create view mine as select id from agent_memories`,
		"foreign key mine_of_fkey of mine on agent_memories": `create table mine (tenant_id varchar, of uuid, constraint mine_of_fkey
			foreign key (tenant_id, of) references agent_memories)`,
	} {
		t.Run(stranger, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			require.NoError(t, f.write(t.Context(), tenant, 5))
			f.project(t)
			_, err := f.pool.Exec(t.Context(), sql)
			require.NoError(t, err)
			var applied bool
			err = rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) { applied = true }})
			require.ErrorContains(t, err, stranger)
			require.False(t, applied)
			status, err := rebuild.ReadStatus(t.Context(), f.pool)
			require.NoError(t, err)
			require.Contains(t, status.Failure, stranger)
		})
	}
}

func TestATriggerThatComesUpDuringARebuildIsNotLost(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 5))
	f.project(t)
	err := rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) {
		if p.Phase == rebuild.Swapping {
			_, _ = f.pool.Exec(t.Context(), `
				create trigger mine after insert on agent_memories for each row execute function refuse_event_change()`)
		}
	}})
	require.ErrorContains(t, err, "trigger mine on agent_memories")
}
