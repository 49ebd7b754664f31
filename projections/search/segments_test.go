package search_test

import (
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // to compare with PostgreSQL's
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/search"
)

// The numbers of package search.
const small, middle, large, endsInChunk = 128, 1024, 8192, 256

// history makes events of two users until the first one has so many documents. Of what is changed, most is recent.
func history(documents int) (events []told) {
	random := rand.New(rand.NewPCG(1, 2))
	word := func() string { return fmt.Sprint("w", int(random.ExpFloat64()*200)) }
	text := func() string { return word() + " " + word() + " " + word() + " " + word() }
	known := map[string][]uuid.UUID{}
	active := map[uuid.UUID]bool{}
	for begun := 0; begun < documents; {
		user := "ana"
		if random.IntN(13) == 0 {
			user = "bo"
		}
		var id uuid.UUID
		if n := len(known[user]); n > 0 {
			id = known[user][max(0, n-1-int(random.ExpFloat64()*300))]
			if random.IntN(5) == 0 {
				id = known[user][random.IntN(n)]
			}
		}
		e := told{memory: id, user: user}
		begins := true
		switch kind := random.IntN(10); {
		case id == uuid.Nil || kind < 7:
			e.memory, e.event = uuid.New(), remembered(user, text())
			known[user] = append(known[user], e.memory)
			active[e.memory] = true
		case !active[id]:
			e.event = memory.Restored{}
			active[id] = true
		case kind == 7:
			e.event = revised(text())
		case kind == 8:
			e.event, begins = memory.Forgotten{}, false
			active[id] = false
		default:
			e.event = memory.ExpirySet{ExpiresAt: days(1 + random.IntN(1_000_000))}
		}
		events = append(events, e)
		if begins && user == "ana" {
			begun++
		}
	}
	return events
}

// model is what the tables hold of a scope, as one would say it.
type model struct {
	documents []*modelDocument
	last      map[uuid.UUID]*modelDocument
}

type modelDocument struct {
	from, to  int64
	expiresAt *time.Time
	text      lexicon.Document
}

func (m *model) begin(e *eventstore.Event, d modelDocument) {
	m.end(e)
	d.from, d.to = e.SequenceID, math.MaxInt64
	m.documents = append(m.documents, &d)
	m.last[e.StreamID] = &d
}

func (m *model) end(e *eventstore.Event) {
	if d := m.last[e.StreamID]; d != nil && d.to == math.MaxInt64 {
		d.to = e.SequenceID
	}
}

// fold returns the models by user.
func fold(t *testing.T, events []eventstore.Event) map[string]*model {
	t.Helper()
	scopes := map[string]*model{}
	for i := range events {
		e := &events[i]
		m := scopes[e.UserID]
		if m == nil {
			m = &model{last: map[uuid.UUID]*modelDocument{}}
			scopes[e.UserID] = m
		}
		decoded, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload, e.Contents)
		require.NoError(t, err)
		var d modelDocument
		if last := m.last[e.StreamID]; last != nil {
			d = *last
		}
		analyze := func(f memory.Fields) {
			d.text = lexicon.Default().Document(lexicon.Text{Type: f.Type, Content: f.Content, Metadata: f.Metadata, At: e.OccurredAt})
		}
		switch decoded := decoded.(type) {
		case memory.Remembered:
			analyze(decoded.Fields)
			m.begin(e, d)
		case memory.Revised:
			analyze(memory.Fields{Type: decoded.Type, Content: decoded.Content, Metadata: decoded.Metadata})
			m.begin(e, d)
		case memory.Restored:
			d.expiresAt = decoded.ExpiresAt
			m.begin(e, d)
		case memory.ExpirySet:
			d.expiresAt = decoded.ExpiresAt
			m.begin(e, d)
		case memory.Forgotten:
			m.end(e)
		default:
			require.Fail(t, "no such event", e.Type)
		}
	}
	return scopes
}

func sum(data []byte) string { return fmt.Sprintf("%x", md5.Sum(data)) } //nolint:gosec // see above

// rows returns what the tables hold of the model, with a hash for bytes.
func (m *model) rows(t *testing.T) (documents, tail, segments, postings, terms, ends []string) {
	t.Helper()
	numbered := make([]posting.Numbered, len(m.documents))
	for doc, d := range m.documents {
		numbered[doc] = posting.Numbered{Doc: doc, Length: d.text.Length, Terms: posting.NewDocument(d.text.Terms)}
		documents = append(documents, fmt.Sprint(doc, " ", d.from, " ", d.to, " ", d.expiresAt != nil, " ", d.text.Length))
		if doc >= len(m.documents)/small*small {
			tail = append(tail, fmt.Sprint(doc, " ", sum(numbered[doc].Terms)))
		}
	}
	for first := 0; first < len(m.documents)/small*small; {
		n, buckets, termBuckets := small, 32, 8
		switch {
		case first+large <= len(m.documents):
			n, buckets, termBuckets = large, 2048, 256
		case first+middle <= len(m.documents):
			n, buckets, termBuckets = middle, 256, 32
		}
		made := posting.NewSegment(first)
		var length, last int64
		var begins []byte
		var ended []posting.End
		for doc := first; doc < first+n; doc++ {
			d := m.documents[doc]
			require.NoError(t, made.AddDocument(numbered[doc]))
			length += int64(d.text.Length)
			begins = posting.AppendBegin(begins, posting.Begin{SequenceID: d.from, Length: d.text.Length}, last)
			last = d.from
			if d.to != math.MaxInt64 {
				ended = append(ended, posting.End{Doc: doc, SequenceID: d.to, Length: d.text.Length})
			}
		}
		segments = append(segments, fmt.Sprint(first, " ", n, " ", m.documents[first].from, " ", last, " ", length, " ", len(ended), " ", sum(begins)))
		for _, b := range made.Buckets(buckets) {
			postings = append(postings, fmt.Sprint(first, " ", b.Number, " ", sum(b.Data)))
		}
		for _, b := range made.Terms(termBuckets) {
			terms = append(terms, fmt.Sprint(first, " ", b.Number, " ", sum(b.Data)))
		}
		slices.SortFunc(ended, func(a, b posting.End) int { return cmp.Compare(a.SequenceID, b.SequenceID) })
		chunk := 0
		for some := range slices.Chunk(ended, endsInChunk) {
			var data []byte
			for _, e := range some {
				data = posting.AppendEnd(data, e, first)
			}
			ends = append(ends, fmt.Sprint(first, " ", chunk, " ", sum(data)))
			chunk++
		}
		first += n
	}
	return documents, tail, segments, postings, terms, ends
}

// interrupted fails to write every third batch, after it has written it.
type interrupted struct {
	*search.Projection
	writes *int
}

var errKilled = errors.New("killed")

func (i interrupted) Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	write, err := i.Projection.Prepare(ctx, tenant, events)
	return func(ctx context.Context, tx pgx.Tx) error {
		err := write(ctx, tx)
		if *i.writes++; err == nil && *i.writes%3 == 0 {
			return errKilled
		}
		return err
	}, err
}

func TestTheTablesAreThoseOfTheModelWhateverTheBatches(t *testing.T) {
	f := setup(t)
	events := history(large + middle + 2*small + 88)
	f.tell(t, events...)
	page, err := f.log.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 1_000_000)
	require.NoError(t, err)
	require.Len(t, page.Events, len(events))

	f.project(t, 1000)
	scopes := fold(t, page.Events)
	for user, m := range scopes {
		documents, tail, segments, postings, terms, ends := m.rows(t)
		of := func(sql string) []string {
			return f.lines(t, fmt.Sprintf(sql, "where scope = (select scope from search_scopes where user_id = '"+user+"')"))
		}
		require.Equal(t, documents, of(`select concat_ws(' ', doc, from_seq, to_seq, (expires_at is not null)::text, length) from search_documents %s order by doc`), user)
		require.Equal(t, tail, of(`select concat_ws(' ', doc, md5(terms)) from search_tails %s order by doc`), user)
		require.Equal(t, segments, of(`select concat_ws(' ', segment, documents, from_seq, to_seq, length, ends, md5(begins)) from search_segments %s order by segment`), user)
		require.Equal(t, postings, of(`select concat_ws(' ', segment, bucket, md5(data)) from search_postings %s order by segment, bucket`), user)
		require.Equal(t, terms, of(`select concat_ws(' ', segment, bucket, md5(data)) from search_terms %s order by segment, bucket`), user)
		require.Equal(t, ends, of(`select concat_ws(' ', segment, chunk, md5(data)) from search_ends %s order by segment, chunk`), user)
	}
	require.Len(t, scopes, 2)
	require.Equal(t, large+middle+2*small+88, len(scopes["ana"].documents)) // Len would print them
	require.Greater(t, len(scopes["bo"].documents), small)

	want := f.tables(t)
	for _, batch := range []int{257, 7, 1} {
		if testing.Short() && batch == 1 {
			continue
		}
		f.clear(t)
		began := time.Now()
		f.project(t, batch)
		t.Logf("batches of %d: %v", batch, time.Since(began))
		for table, rows := range f.tables(t) {
			require.Equal(t, want[table], rows, "%s, batches of %d", table, batch)
		}
	}

	f.clear(t)
	killed, writes := 0, 0
	for {
		err := f.run(t, 300, interrupted{search.New(), &writes})
		if err == nil {
			break
		}
		require.ErrorIs(t, err, errKilled)
		killed++
	}
	require.Greater(t, killed, 10)
	for table, rows := range f.tables(t) {
		require.Equal(t, want[table], rows, "%s, killed between", table)
	}
}
