package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/cli"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
)

// A command line gives the same output and errors, whether it works on the database or through a server.
func TestDatabaseAndServerGiveTheSameAnswers(t *testing.T) {
	t.Parallel()
	direct := newWorld(t)
	remote := &world{t: t, dsn: direct.dsn, nats: direct.nats, url: start(t, settings(direct.dsn, direct.nats), "server").url()}
	id := direct.remember("trains before breakfast", "--metadata", `{"topic":"training"}`)
	direct.must("revise", id, "trains after work")
	direct.must("recall", "train")
	for _, args := range [][]string{
		{"show", id}, {"show", id, "--json"}, {"show", id, "--history", "--json"}, {"show", id, "--as-of", "1"}, {"show", id, "--as-of", "9"},
		{"show", id, "--as-of", "2020-01-01"}, {"show", "0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f"}, {"show", "x"},
		{"diff", "--to", "2"}, {"diff", id, "--from", "1", "--to", "2", "--json"}, {"diff", "--from", "9"}, {"diff", "--to", "2020-01-01"}, {"diff", "--limit", "0"},
		{"list"}, {"list", "--json"}, {"list", "--cursor", "x"}, {"list", "--metadata", "[]"}, {"list", "--tenant", "other"}, {"list", "--order", "confidence"},
		{"recall", "train", "--json", "--explain"}, {"recall", "-breakfast"}, {"recall", "x", "--agent", strings.Repeat("a", 101)},
		{"replay"}, {"replay", "--json"}, {"replay", "--stream", id}, {"replay", "--stream", "0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f"},
		{"remember", "x", "--agent", "a", "--user", "u", "--confidence", "7"}, {"remember", "x", "--agent", "a", "--user", "u", "--id", id},
		{"remember", "x", "--agent", "a", "--user", "u", "--command-id", "a b"}, {"remember", "{", "--content-json", "--agent", "a", "--user", "u"},
		{"revise", id, "again", "--expected-version", "1"}, {"confidence", id, "7"}, {"evidence", id, "for", "--weight", "2"},
		{"expiry", id, "soon"}, {"restore", "0197a4be-5b1a-7c3d-9e2f-1a2b3c4d5e6f"}, {"forget", "--all", "--agent", "coach"},
		{"forget", "--metadata", "{}"}, {"forget", "--all", "--dry-run", "--json"}, {"forget", id, "--dry-run"},
	} {
		stdout, stderr, code := direct.call(args...)
		said, complained, ended := remote.call(args...)
		require.Equal(t, code, ended, "%s: %s%s", args, stderr, complained)
		require.Equal(t, stdout, said, args)
		require.Equal(t, stderr, complained, args)
	}
	// A command sent to the database and then repeated through the server is one command.
	once := []string{"remember", "once", "--agent", "a", "--user", "u", "--occurred-at", "2026-01-31T08:00:00+02:00", "--command-id", "once", "--json"}
	require.Equal(t, direct.must(once...), remote.must(once...))
	require.Equal(t, direct.must("forget", "--agent", "a", "--command-id", "all"), remote.must("forget", "--agent", "a", "--command-id", "all"))
}

func TestStatusAndWatchOfAServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.url = start(t, settings(w.dsn, w.nats), "server").url()
	id := w.remember("first")
	w.must("list")
	require.Eventually(t, func() bool {
		_, _, code := w.call("status")
		return code == exitOK
	}, patience, tick)
	require.Regexp(t, `(?m)^server +ok +http://`, w.must("status"))
	h := decode[cli.ServerHealth](t, w.must("status", "--json"))
	require.True(t, h.Ready)
	require.Len(t, h.Projections, 3)
	require.Equal(t, "ready\n", w.must("status", "--api"))

	w.must("revise", id, "second")
	require.Equal(t, 2, strings.Count(w.must("watch", "--since", "1", "--no-follow", "--json"), "\n"))
	require.Contains(t, w.must("watch", "--since", "1h", "--no-follow", "--event-type", "memory_revised"), "second")
	require.Empty(t, w.must("watch", "--since", "2099-01-01", "--no-follow"))
	out, interrupt := follow(t, w.args("watch", "--json")...)
	require.Eventually(t, func() bool {
		w.must("confidence", id, "0."+strings.Repeat("1", 1+strings.Count(w.must("replay"), "\n")))
		return strings.Contains(out.String(), "memory_confidence_adjusted")
	}, patience, tick)
	interrupt()
	line, _, _ := strings.Cut(out.String(), "\n")
	require.Equal(t, id, decode[eventstore.Event](t, line).StreamID.String())

	for _, args := range [][]string{{"import", "."}, {"rebuild"}, {"init"}, {"verify"}, {"reset", "--yes"}} {
		w.fails(exitUsage, "leave out --url (unset AUREN_URL), or name the database with --db-dsn (AUREN_DB_DSN)", args...)
	}
}

func TestStatusOfAReadyServerWithoutAProjector(t *testing.T) {
	t.Parallel()
	w := &world{t: t, dsn: pgtest.DSN(t), nats: startNATS(t)}
	w.url = start(t, settings(w.dsn, w.nats), "server").url()
	projector := start(t, settings(w.dsn, w.nats), "projector")
	w.remember("projected")
	w.must("list")
	projector.Stop()
	stdout, stderr, code := w.call("status")
	require.Equal(t, exitFailed, code)
	require.Equal(t, "auren: not ready\n", stderr)
	require.Regexp(t, `(?m)^server +ok +http://`, stdout)
	require.Contains(t, stdout, "start a projector")
}

func TestAnUnusableServerIsNamed(t *testing.T) {
	t.Parallel()
	asked := make(chan http.Header, 200)
	serve := func(start func(*httptest.Server), answer http.HandlerFunc) string {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked <- r.Header
			answer(w, r)
		}))
		start(s)
		t.Cleanup(s.Close)
		return s.URL
	}
	plain, secure := (*httptest.Server).Start, (*httptest.Server).StartTLS
	version := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(v) }
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	status := func(code int) string {
		return serve(plain, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	for name, c := range map[string]struct {
		url, want string
		code      int
	}{
		"nobody listens":   {"http://127.0.0.1:1", "the server at http://127.0.0.1:1 cannot be reached: ", exitFailed},
		"no such host":     {"http://host.invalid", "the server at http://host.invalid cannot be reached: ", exitFailed},
		"another service":  {serve(plain, version("hello")), `but must answer 200 with JSON such as {"version"`, exitFailed},
		"key refused":      {status(401), "the key (AUREN_KEY) was refused", exitFailed},
		"key not enough":   {status(403), "the key (AUREN_KEY) was refused", exitFailed},
		"proxy alone":      {status(502), "cannot be reached: a proxy answers 502 Bad Gateway; try again", exitFailed},
		"no such path":     {serve(plain, http.NotFound), "is not AUREN: GET /version answers 404", exitFailed},
		"a redirect":       {serve(plain, http.RedirectHandler(elsewhere.URL, http.StatusFound).ServeHTTP), "redirects elsewhere", exitFailed},
		"another version":  {serve(plain, version(map[string]any{"version": "v9.9.9", "api": 99})), "is AUREN v9.9.9, which speaks version 99 of the API", exitFailed},
		"its certificate":  {serve(secure, version(1)), "failed to verify certificate", exitFailed},
		"http and https":   {strings.Replace(serve(plain, version(1)), "http:", "https:", 1), "cannot be reached", exitFailed},
		"another scheme":   {"postgres://u:s3cret@h/x", "--url (AUREN_URL) must be an http or https URL", exitUsage},
		"a password in it": {"http://u:s3cret@h", "--url (AUREN_URL) must not contain a user or password", exitUsage},
		"no URL":           {"::", "--url (AUREN_URL) must be an http or https URL", exitUsage},
	} {
		for _, args := range [][]string{{"list"}, {"remember", "x", "--agent", "a", "--user", "u"}, {"status"}} {
			stdout, stderr, code := call(t, "", append([]string{"--url", c.url, "--key", "s3cret", "--data-dir", filepath.Join(t.TempDir(), "none")}, args...)...)
			require.Equal(t, c.code, code, "%s: %s", name, stderr)
			require.Equal(t, 1, strings.Count(stdout+stderr, c.want), "%s: %s%s", name, stdout, stderr)
			require.NotContains(t, stdout, "tenant", name)
			require.NotContains(t, stdout+stderr, "s3cret", name)
		}
	}
	close(asked)
	for header := range asked {
		require.Equal(t, "Bearer s3cret", header.Get("Authorization"))
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(proxy.Close)
	fails(t, exitFailed, "the key (AUREN_KEY) is missing", "--url", proxy.URL, "list")
	fails(t, exitUsage, "--key (AUREN_KEY) must contain only visible ASCII characters", "--key", "two\nlines", "list")
}

func TestACommandWhoseOutcomeIsUnknownNamesItsID(t *testing.T) {
	t.Parallel()
	var sent atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			_ = json.NewEncoder(w).Encode(map[string]any{"version": "v1.0.0", "api": api.Version})
			return
		}
		sent.Store(r.Header.Get("Idempotency-Key"))
		if r.Method == http.MethodDelete {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusServiceUnavailable)
			_ = json.NewEncoder(w).Encode(api.ProblemOf(eventstore.ErrOutcomeUnknown))
			return
		}
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	id := uuid.NewString()
	for _, args := range [][]string{
		{"remember", "x", "--agent", "a", "--user", "u"}, {"revise", id, "x"}, {"restore", id}, {"forget", id}, {"forget", "--all"},
		{"remember", "x", "--agent", "a", "--user", "u", "--command-id", "mine"},
	} {
		_, stderr, code := call(t, "", append([]string{"--url", server.URL}, args...)...)
		require.Equal(t, exitFailed, code)
		used := sent.Swap("").(string)
		require.NotEmpty(t, used, args)
		require.Regexp(t, "the command may have been carried out all the same|while the command was being committed", stderr)
		require.Contains(t, stderr, "; repeat with --command-id "+used, args)
		require.Equal(t, 1, strings.Count(stderr, "repeat"), stderr)
	}
}
