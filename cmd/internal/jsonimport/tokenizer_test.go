package jsonimport

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/canonjson"
)

// cutAll cuts a file as the reader does.
func cutAll(in io.ReadSeeker, emit func(element) error) error {
	outline, _ := surveyor{tokens: newTokenizer(in), hypothesis: statements{}.add}.survey(0)
	if outline.kind == 0 {
		return errEndsEarly
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	c := cutter{tokens: newTokenizer(in), emit: emit, unread: func(string) {}}
	err := c.cut(outline, "")
	if err == nil || errors.Is(err, errBroken) {
		err = errors.Join(err, c.rest())
	}
	return err
}

func FuzzCut(f *testing.F) {
	for _, seed := range []string{`[{"a": 1}, {"b": [1, "x\"y"]}]`, `{"memories": [{}, 5]}`, `{"data": {"data": [{"content": NaN}]}}`, `{"evolution_history": [`,
		`{"hypotheses": [{"statement": "x"}], "relationship_score": 1}`, `{"knowledge_base": {"entries": [{"id": 1}]}}`, `[{"a": [1}, {]`, `{"a" "b"`, "", `[}]`} {
		f.Add([]byte(seed))
	}
	zone := time.UTC
	m := mapper{owners: newOwners(Options{User: "anna"}), zone: zone}
	f.Fuzz(func(t *testing.T, file []byte) {
		var total, end int64
		var found []element
		_ = cutAll(bytes.NewReader(file), func(e element) error {
			require.GreaterOrEqual(t, e.offset, end, "records do not overlap")
			require.Equal(t, file[e.offset:e.offset+e.length], append([]byte{}, e.raw...), "raw is what stands in the file")
			end = e.offset + e.length
			total += e.length
			found = append(found, e)
			_, _ = m.record(&origin{path: "a.json", rooted: "r/a.json", modified: time.Unix(0, 0), statements: statements{}}, e)
			return nil
		})
		require.LessOrEqual(t, total, int64(len(file)))
		var elements []json.RawMessage
		if json.Unmarshal(file, &elements) != nil || elements == nil {
			return
		}
		require.Len(t, found, len(elements))
		for i, e := range found {
			require.Equal(t, string(elements[i]), string(e.raw))
		}
	})
}

func FuzzRepair(f *testing.F) {
	for _, seed := range []string{`{"a": [1, -2.5e3, true, null, "x\u00e9\ud83e\udde0\n"]}`, `{"a": NaN, "a": "\u0000\ud800"}`, "\"\xff\"", `[1,]`, `"\`, `-`, `{"":{"":[]}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := repairer{in: raw}
		repaired, err := r.value("", 0)
		require.LessOrEqual(t, r.at, len(raw))
		require.LessOrEqual(t, len(r.notes), maxNotes)
		if err == nil {
			require.True(t, json.Valid(repaired), "%s", repaired)
		}
		if expected, invalid := canonjson.Parse(raw); invalid == nil {
			require.NoError(t, err)
			require.Empty(t, r.notes)
			again, err := canonjson.Parse(repaired)
			require.NoError(t, err)
			require.Equal(t, expected.String(), again.String())
		}
	})
}

func TestCutReadsByteByByte(t *testing.T) {
	t.Parallel()
	const file = `{"agent_id": "a", "memories": [{"content": "a\\\"b]}"}, {"content": [[1]]}]}`
	var raw []string
	outline, err := surveyor{tokens: newTokenizer(iotest.OneByteReader(strings.NewReader(file)))}.survey(0)
	require.NoError(t, err)
	c := cutter{tokens: newTokenizer(iotest.OneByteReader(strings.NewReader(file))), unread: func(string) {}, emit: func(e element) error {
		raw = append(raw, string(e.raw))
		return nil
	}}
	require.NoError(t, c.cut(outline, ""))
	require.Equal(t, []string{`{"content": "a\\\"b]}"}`, `{"content": [[1]]}`}, raw)
}

func TestAFailedReadEndsTheFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	tokens := newTokenizer(io.MultiReader(strings.NewReader(`[{"content": 1}, {"con`), iotest.ErrReader(broken)))
	n := 0
	err := cutter{tokens: tokens, emit: func(element) error { n++; return nil }}.cut(&outline{kind: '['}, "")
	require.ErrorIs(t, err, broken)
	require.Equal(t, 2, n, "the record that was begun is told of as well")

	require.ErrorIs(t, cutter{tokens: newTokenizer(silence{})}.cut(&outline{}, ""), io.ErrNoProgress)
}

// silence is a reader that never returns data.
type silence struct{}

func (silence) Read([]byte) (int, error) { return 0, nil }

func TestMemoryIsLimitedOnALargeFile(t *testing.T) { // not parallel: it measures the heap
	record := `{"content": "` + strings.Repeat("word ", 200) + `", "user_id": "anna", "agent_id": "a", "timestamp": "2026-01-01T00:00:00Z"},`
	parts := []io.Reader{strings.NewReader(`[`)}
	for range 200 << 20 / len(record) {
		parts = append(parts, strings.NewReader(record))
	}
	file := io.MultiReader(append(parts, strings.NewReader(`{}]`))...)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n, bytesRead := 0, int64(0)
	c := cutter{tokens: newTokenizer(file), emit: func(e element) error {
		if bytesRead += e.length; n%20_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			require.Less(t, int64(now.HeapAlloc)-int64(before.HeapAlloc), int64(32<<20))
		}
		n++
		return nil
	}}
	require.NoError(t, c.cut(&outline{kind: '['}, ""))
	require.Greater(t, bytesRead, int64(199<<20))
}

func TestKeysAndDigestsNeverChange(t *testing.T) {
	t.Parallel()
	m, other := mapper{secret: []byte("secret")}, mapper{secret: []byte("of another tenant")}
	agent, user, source := canonjson.Text("agent"), canonjson.Text("user"), canonjson.MustParse(`{"b":1,"a":"x"}`)
	key := m.key(agent, user, source)
	require.Equal(t, "8cbef14a68182d1c", hex.EncodeToString(key[:8]))
	require.Equal(t, key, m.key(agent, user, canonjson.MustParse(`{"a":"x", "b":1.0}`)))
	require.NotEqual(t, key, other.key(agent, user, source))
	digest := m.digest(kindFlat, "agent", "user", source)
	require.NotEqual(t, digest, m.digest(kindFlat, "agent", "other", source))
	require.NotEqual(t, digest, other.digest(kindFlat, "agent", "user", source))
}
