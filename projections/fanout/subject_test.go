package fanout_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
)

func TestEscapeToken(t *testing.T) {
	t.Parallel()
	for text, token := range map[string]string{
		"coach-1_A":   "coach-1_A",
		"ana.b":       "ana=2Eb",
		"a b*c>d=e%f": "a=20b=2Ac=3Ed=3De=25f",
		"é":           "=C3=A9",
		"":            "=",
		"=":           "=3D",
	} {
		require.Equal(t, token, fanout.EscapeToken(text))
	}
}

var tokenPattern = regexp.MustCompile(`^([A-Za-z0-9_-]|=[0-9A-F]{2})+$|^=$`)

// requireToken requires a valid token from which the text can be read again, unless it is truncated.
func requireToken(t require.TestingT, text string) {
	token := fanout.EscapeToken(text)
	require.LessOrEqual(t, len(token), fanout.MaxTokenBytes)
	require.True(t, server.IsValidLiteralSubject("auren.evt."+token))
	if len(text) > fanout.MaxTokenBytes/3 && strings.Contains(token, "=~") {
		return
	}
	require.Regexp(t, tokenPattern, token)
	decoded, err := url.QueryUnescape(strings.ReplaceAll(strings.TrimSuffix(token, "="), "=", "%"))
	require.NoError(t, err)
	require.Equal(t, text, decoded)
}

func TestAnyTextIsAToken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { requireToken(t, rapid.String().Draw(t, "text")) })
}

func FuzzEscapeToken(f *testing.F) {
	for _, text := range []string{"", "a", "a.b", "\x00\xff", strings.Repeat("€", 255), "=~"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { requireToken(t, text) })
}

func TestLongestIDsFitASubject(t *testing.T) {
	t.Parallel()
	e := eventstore.Event{Tenant: "t", AgentID: strings.Repeat("😀", 100), UserID: strings.Repeat("😀", 255), Type: "memory_remembered"}
	subject := fanout.Subject(&e)
	require.Less(t, len(subject), 3000)
	other := e
	other.UserID = e.UserID[:len(e.UserID)-4] + "😁"
	require.NotEqual(t, subject, fanout.Subject(&other), "truncated tokens are unique")
}

func TestAnEventWithoutAMemoryHasAValidSubject(t *testing.T) {
	t.Parallel()
	subject := fanout.Subject(&eventstore.Event{Tenant: "t", Type: projections.EventSkipped})
	require.Equal(t, "auren.evt.t.=.=.projection_event_skipped", subject)
	f := setup(t)
	f.remember(t, tenant, 1)
	page, err := f.log.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 1)
	require.NoError(t, err)
	e := page.Events[0]
	e.AgentID, e.UserID, e.Type = "", "", projections.EventSkipped
	relay := f.relay(t)
	_, err = relay.Resume(t.Context(), tenant, 0)
	require.NoError(t, err)
	require.NoError(t, relay.Deliver(t.Context(), tenant, []eventstore.Event{e}))
	require.Equal(t, "auren.evt.default.=.=.projection_event_skipped", f.messages(t, tenant)[0].Subject())
}
