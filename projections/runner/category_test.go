package runner

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// census is a ledger that subscribes to some categories.
type census struct {
	ledger
	categories []string
}

func (c census) Categories() []string { return c.categories }

func TestANewCategoryReachesItsSubscribersAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		categories []string
		applied    []int64
	}{
		"one":    {[]string{"key"}, []int64{2, 3}},
		"two":    {[]string{"key", eventstore.CategoryMemory}, []int64{1, 2, 3, 4}},
		"all":    {[]string{eventstore.AllCategories}, []int64{1, 2, 3, 4, 5}},
		"memory": {nil, []int64{1, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			appendIn := func(category string, n int) {
				w := eventstore.StreamAppend{StreamID: uuid.New(), Category: category}
				for range n {
					w.Events = append(w.Events, eventstore.NewEvent{
						ID: uuid.New(), Type: category + "_noted", SchemaVersion: 1, Payload: canonjson.EmptyObject(), OccurredAt: time.Now(),
					})
				}
				_, err := f.writer.Append(t.Context(), eventstore.Command{Tenant: tenant, Writes: []eventstore.StreamAppend{w}})
				require.NoError(t, err)
			}
			appendIn("", 1)
			appendIn("key", 2)
			appendIn("", 1)
			appendIn("audit", 1)
			// A batch of one event ends within and between the gaps.
			for _, batch := range []int{1, 2, 100} {
				pgtest.Exec(t, f.pool, "truncate applied, projection_checkpoints")
				config := Config{Batch: batch}
				require.NoError(t, New(f.pool, f.log, f.watcher, config, diary{}, census{ledger{}, c.categories}).CatchUp(t.Context()))
				require.Equal(t, []int64{1, 4}, f.applied(t, tenant))
				require.Equal(t, c.applied, f.applied(t, "DEFAULT"))
				o := &outbox{categories: c.categories}
				require.NoError(t, NewSink(f.pool, f.log, f.watcher, config, o).CatchUp(t.Context()))
				require.Equal(t, c.applied, o.sent)
				all, err := projections.ReadStatus(t.Context(), f.pool)
				require.NoError(t, err)
				require.Len(t, all, 3)
				for _, s := range all {
					require.EqualValues(t, 5, s.SequenceID, "the checkpoint of %s moves past events of other categories", s.Projection)
				}
			}
		})
	}
}
