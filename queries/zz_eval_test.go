package queries_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
	"github.com/auren-memory/auren/queries"
)

func TestZZEval(t *testing.T) {
	for _, file := range strings.Fields(os.Getenv("EVAL")) {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var data []struct {
			Conversation json.RawMessage
			Turns        []struct {
				ID, Speaker, Text string
				Session           json.RawMessage
				SaidAt            string `json:"said_at"`
				Caption           string `json:"image_caption"`
			}
			Questions []struct {
				Question string
				Category json.RawMessage
				Evidence []string
			}
		}
		require.NoError(t, json.Unmarshal(raw, &data))
		pool := pgtest.New(t)
		log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
		handler := commands.New(log, appends, commands.Config{})
		req := commands.Request{Tenant: domain.DefaultTenant}
		refs := map[uuid.UUID]string{}
		for i, c := range data {
			var last time.Time
			var batch []commands.Remember
			var ids []string
			for _, turn := range c.Turns {
				at, err := time.Parse("3:04 pm on 2 January, 2006", turn.SaidAt)
				require.NoError(t, err, turn.SaidAt)
				if at.Equal(last) || !at.After(last) {
					at = last.Add(time.Second)
				}
				last = at
				text := strings.TrimSpace(turn.Text + " " + turn.Caption)
				meta, _ := json.Marshal(map[string]any{"speaker": turn.Speaker, "session": turn.Session, "said_at": turn.SaidAt, "ref": turn.ID})
				body, _ := json.Marshal(text)
				batch = append(batch, commands.Remember{OccurredAt: &at, Draft: memory.Draft{AgentID: "eval", UserID: fmt.Sprint(i), Content: canonjson.MustParse(string(body)), Metadata: canonjson.MustParse(string(meta))}})
				ids = append(ids, turn.ID)
			}
			for from := 0; from < len(batch); from += 500 {
				to := min(from+500, len(batch))
				results, err := handler.RememberBatch(t.Context(), req, batch[from:to])
				require.NoError(t, err)
				for j, r := range results {
					require.NoError(t, r.Err)
					refs[r.Receipt.ID] = ids[from+j]
				}
			}
		}
		watcher := eventstore.NewWatcher(pool, eventstore.LogChannel, zap.NewNop())
		require.NoError(t, runner.New(pool, log, watcher, runner.Config{}, agentmemories.Projection{}, search.New()).CatchUp(t.Context()))
		reader := queries.New(pool, queries.Config{})
		var n, r5, r10, r20 float64
		var spent time.Duration
		for i, c := range data {
			for _, q := range c.Questions {
				start := time.Now()
				result, err := reader.Search(t.Context(), domain.DefaultTenant, queries.SearchRequest{Query: q.Question, Filter: queries.Filter{AgentID: "eval", UserID: fmt.Sprint(i)}, Limit: 20}, queries.At{})
				spent += time.Since(start)
				require.NoError(t, err, q.Question)
				place := map[string]int{}
				for k, h := range result.Hits {
					place[refs[h.Memory.ID]] = k + 1
				}
				n++
				for _, e := range q.Evidence {
					if p := place[e]; p > 0 {
						s := 1 / float64(len(q.Evidence))
						if p <= 5 {
							r5 += s
						}
						if p <= 10 {
							r10 += s
						}
						r20 += s
					}
				}
			}
		}
		fmt.Printf("%s: %.0f questions r@5 %.3f r@10 %.3f r@20 %.3f, %v each\n", file, n, r5/n, r10/n, r20/n, spent/time.Duration(n))
		appends.Close()
	}
}
