package commands

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// Even the exact text of erased contents matches nothing that remains: no digest, and no digest under any key that remains.
// Before the erasure the same search finds matches.
func TestErasedContentsCannotBeConfirmedByGuessing(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	t.Cleanup(appends.Close)
	h := New(log, appends, Config{})

	guesses := map[string][]byte{}
	said := func(texts ...string) {
		for _, text := range texts {
			guesses[text] = []byte(text)
		}
	}
	// once returns a request with a command id, and adds the fingerprint of the command to the guesses.
	once := func(reason, name string, id uuid.UUID, body func() canonjson.Value) Request {
		req := Request{Tenant: domain.DefaultTenant, Meta: domain.Meta{CommandID: uuid.NewString()}, Reason: reason}
		_, command, err := prepare(req, name, id, body)
		require.NoError(t, err)
		guesses["fingerprint of "+name+" "+reason] = command.Fingerprint[:]
		return req
	}

	draft := memory.Draft{AgentID: "coach", UserID: "ana", Content: canonjson.MustParse(`"is allergic to peanuts"`), Metadata: canonjson.MustParse(`{"ward":"7"}`)}
	r := Remember{Draft: draft}
	said(`"is allergic to peanuts"`, `{"ward":"7"}`, `{"content":"is allergic to peanuts","metadata":{"ward":"7"},"reason":"she told me"}`)
	first, err := h.Remember(t.Context(), once("she told me", "remember", uuid.Nil, r.json), r)
	require.NoError(t, err)
	id := first.ID

	revision := memory.Revision{Content: canonjson.MustParse(`"is allergic to cashews"`)}
	said(`"is allergic to cashews"`, `{"content":"is allergic to cashews","metadata":{"ward":"7"},"reason":"a mistake"}`)
	_, err = h.Revise(t.Context(), once("a mistake", "revise", id, revision.JSON), id, revision)
	require.NoError(t, err)
	// It changes nothing, but is recorded under its id.
	_, err = h.Revise(t.Context(), once("once more", "revise", id, revision.JSON), id, revision)
	require.NoError(t, err)

	evidence := memory.Evidence{Supports: true, Note: "the blood test"}
	said(`"the blood test"`, `{"note":"the blood test"}`)
	_, err = h.RecordEvidence(t.Context(), once("", "record_evidence", id, evidence.JSON), id, evidence)
	require.NoError(t, err)
	_, err = h.Forget(t.Context(), once("she asked", "forget", id, nil), id)
	require.NoError(t, err)
	said(`{"reason":"she asked"}`)

	// A batch that says the same of a memory that exists already, and one that concerns no event.
	batch := []Remember{{ID: &id, Draft: draft}, {Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: canonjson.MustParse(`"likes tea"`)}}}
	results, err := h.RememberBatch(t.Context(), once("again", "remember_batch", uuid.Nil, func() canonjson.Value {
		return canonjson.List(batch[0].json(), batch[1].json())
	}), batch)
	require.NoError(t, err)
	require.Error(t, results[0].Err)
	filter := canonjson.MustParse(`{"metadata":{"ward":"7"}}`)
	none := func(context.Context, uuid.UUID, int) ([]uuid.UUID, error) { return nil, nil }
	_, err = h.ForgetMatching(t.Context(), once("ward 7", "forget_matching", uuid.Nil, func() canonjson.Value { return filter }), filter, none)
	require.NoError(t, err)

	// An imported record without an id: its key and its digest are keyed by a secret that remains.
	secret, err := log.Secret(t.Context(), domain.DefaultTenant)
	require.NoError(t, err)
	said(`["auren import id","coach","ana","a record"]`, `["auren import digest","a record"]`)
	record := ImportRecord{
		Key:   eventstore.Hash(keyed(string(secret), []byte(`["auren import id","coach","ana","a record"]`))),
		Draft: draft, OccurredAt: h.config.Now(), Digest: eventstore.Hash(keyed(string(secret), []byte(`["auren import digest","a record"]`))),
	}
	importRecord := func() ImportResult {
		results, err := h.Import(t.Context(), Request{Tenant: domain.DefaultTenant}, []ImportRecord{record}, false)
		require.NoError(t, err)
		return results[0]
	}
	imported := importRecord()
	require.Equal(t, ImportResult{Verdict: ImportUnchanged, ID: imported.ID, Version: 1, SequenceID: imported.SequenceID}, importRecord())

	// Recorded by its event, in event_contents, and by a row of commands.
	require.Subset(t, confirmed(guesses, remains(t, pool, log)), []string{
		"fingerprint of remember she told me", "fingerprint of revise once more", "fingerprint of forget_matching ward 7",
		`["auren import id","coach","ana","a record"]`, `["auren import digest","a record"]`,
	})
	// Of one memory, which the batch only conflicted with, and then of all.
	pgtest.Exec(t, pool, `delete from event_contents where sequence_id in (select sequence_id from events where stream_id = $1)`, id)
	require.NotContains(t, confirmed(guesses, remains(t, pool, log)), "fingerprint of remember_batch again")
	pgtest.Exec(t, pool, `delete from event_contents`)
	require.Empty(t, confirmed(guesses, remains(t, pool, log)))
	again := importRecord()
	require.Equal(t, ImportAdded, again.Verdict)
	require.NotEqual(t, imported.ID, again.ID)

	// An event tells erased contents from no contents, whether it is read from the log or from JSON.
	page, err := log.ReadLog(t.Context(), domain.DefaultTenant, 0, eventstore.Filter{}, 1000)
	require.NoError(t, err)
	require.True(t, page.Events[0].Erased())
	var sent eventstore.Event
	raw, err := json.Marshal(page.Events[0])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &sent))
	require.True(t, sent.Erased())
}

// remains returns every row of every table and every event in JSON, as text with bytes in hexadecimal.
func remains(t *testing.T, pool *pgxpool.Pool, log *eventstore.Log) string {
	t.Helper()
	var all strings.Builder
	tables := pgtest.Rows[string](t, pool, `select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`)
	for _, table := range tables {
		all.WriteString(strings.Join(pgtest.Rows[string](t, pool, "select row_to_json(r)::text from "+table+" as r"), "\n"))
	}
	page, err := log.ReadLog(t.Context(), domain.DefaultTenant, 0, eventstore.Filter{Categories: []string{eventstore.AllCategories}}, 1000)
	require.NoError(t, err)
	events, err := json.Marshal(page.Events)
	require.NoError(t, err)
	all.Write(events)
	return all.String()
}

var keyLike = regexp.MustCompile(`[0-9a-f]{32,}`)

// confirmed returns the guesses that occur in the remains: as they are, or as the first 16 bytes of a digest or as a UUID made
// from it, unkeyed or keyed with any string of bytes that remains.
func confirmed(guesses map[string][]byte, remains string) (found []string) {
	keys := map[string]bool{"": true}
	for _, text := range keyLike.FindAllString(remains, -1) {
		key, _ := hex.DecodeString(text[:len(text)&^1])
		keys[string(key)] = true
	}
	for name, guess := range guesses {
		digest := sha256.Sum256(guess)
		inside := name == string(guess) && strings.Contains(remains, name)
		for key := range keys {
			salted := sha256.Sum256(append([]byte(key), guess...))
			for _, d := range [][]byte{digest[:], salted[:], keyed(key, guess), keyed(key, digest[:])} {
				text := hex.EncodeToString(d[:16])
				inside = inside || strings.Contains(remains, text) || strings.Contains(remains, text[:8]+"-"+text[8:12]+"-")
			}
		}
		if inside || len(guess) == sha256.Size && strings.Contains(remains, hex.EncodeToString(guess[:16])) {
			found = append(found, name)
		}
	}
	return found
}

func keyed(key string, message []byte) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(message)
	return mac.Sum(nil)
}
