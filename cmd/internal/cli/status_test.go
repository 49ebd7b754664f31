package cli

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/health"
	"github.com/auren-memory/auren/cmd/internal/proctest"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
)

func TestStatusOfManyTenantsIsASummaryAndTheWorst(t *testing.T) {
	t.Parallel()
	at, none := int64(7), int64(0)
	var all []health.Projection
	for n := range 40 {
		p := health.Projection{Status: projections.Status{
			Tenant: domain.Tenant(fmt.Sprint("t", n)), Projection: "search", SequenceID: 9, Head: 9, Holder: fmt.Sprint("holder", n%3), State: projections.Idle,
		}}
		switch n {
		case 38:
			p.StoppedAt, p.StoppedReason, p.State, p.Head, p.Lag, p.Problem = &at, "no good", projections.Stopped, 109, 100, "stopped at event 7: no good"
		case 37:
			p.StoppedAt, p.StoppedReason, p.State, p.Problem = &none, "not of one history", projections.Stopped, "stopped: not of one history"
		case 39:
			p.State, p.Head, p.Lag, p.LagSeconds = projections.Moving, 20, 11, 3
		}
		all = append(all, p)
	}
	var out proctest.Output
	printProjections(terminal.New(&out), all, false)
	require.Regexp(t, `search +40 +3 projectors +0 +37 +1 +0 +2 +111`, out.String())
	require.Regexp(t, `(?s)the worst 12 of 40.*t38 .*stopped at event 7: no good.*t37 .*stopped: not of one history.*t39 .*moving.*t0 `, out.String())
	require.NotContains(t, out.String(), "t36 ")
	out = proctest.Output{}
	printProjections(terminal.New(&out), all, true)
	require.Contains(t, out.String(), "t36 ")
	require.NotContains(t, out.String(), "the worst")
}
