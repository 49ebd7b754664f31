package search_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/search"
)

// documents lists "scope/doc text from-to", with "until" and the days to its expiry, of the named memories' documents. The text
// is the terms in order but for those of every document.
func (f fixture) documents(t *testing.T) []string {
	t.Helper()
	rows, err := f.pool.Query(t.Context(), `select scope, doc, from_seq, to_seq, expires_at, terms from search_documents join search_tails using (scope, doc) order by scope, doc`)
	require.NoError(t, err)
	var found []string
	var scope, from, to int64
	var doc int
	var expiresAt *time.Time
	var terms posting.Document
	_, err = pgx.ForEachRow(rows, []any{&scope, &doc, &from, &to, &expiresAt, &terms}, func() error {
		var texts []string
		err := terms.Each(func(_ uint32, text []byte, counts posting.Counts) {
			if counts.Content() > 0 {
				texts = append(texts, string(text))
			}
		})
		slices.Sort(texts)
		line := fmt.Sprintf("%d/%d %s %d-", scope, doc, strings.Join(texts, "+"), from)
		if to != math.MaxInt64 {
			line += fmt.Sprint(to)
		}
		if expiresAt != nil {
			line += fmt.Sprintf(" until %d", int(expiresAt.Sub(occurred).Hours()/24))
		}
		found = append(found, line)
		return err
	})
	require.NoError(t, errors.Join(err, rows.Err()))
	return found
}

func days(n int) *time.Time {
	at := occurred.AddDate(0, 0, n)
	return &at
}

func TestADocumentLastsFromOneEventToAnother(t *testing.T) {
	f := setup(t)
	a, b, c, d := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	expiring := remembered("ana", "milk")
	expiring.ExpiresAt = days(1)
	f.tell(t,
		told{a, "ana", remembered("ana", "tea")},                                    // 1
		told{a, "ana", memory.ConfidenceAdjusted{From: .5, To: .7}},                 // changes nothing
		told{b, "bo", remembered("bo", "runs")},                                     // 3
		told{a, "ana", revised("coffee")},                                           // 4
		told{a, "ana", memory.EvidenceRecorded{Supports: true, From: .7, To: .8}},   // changes nothing
		told{a, "ana", memory.ExpirySet{ExpiresAt: days(2)}},                        // 6
		told{a, "ana", memory.ExpirySet{ExpiresAt: days(2)}},                        // changes nothing
		told{c, "ana", expiring},                                                    // 8
		told{a, "ana", memory.Expired{ExpiresAt: *days(2)}},                         // 9
		told{a, "ana", memory.Restored{}},                                           // 10
		told{b, "bo", memory.Forgotten{}},                                           // 11
		told{b, "bo", memory.Restored{ExpiresAt: days(3)}},                          // 12
		told{b, "bo", memory.ExpirySet{}},                                           // 13
		told{c, "ana", memory.ExpirySet{}},                                          // 14
		told{c, "ana", memory.Forgotten{}},                                          // 15
		told{d, "cy", remembered("cy", "")},                                         // 16
		told{a, "ana", memory.EvidenceRecorded{Supports: true, From: .8, To: .875}}, // changes nothing
	)
	want := []string{
		"1/0 tea 1-4",
		"1/1 coffe 4-6",
		"1/2 coffe 6-9 until 2",
		"1/3 milk 8-14 until 1",
		"1/4 coffe 10-",
		"1/5 milk 14-15",
		"2/0 run 3-11",
		"2/1 run 12-13 until 3",
		"2/2 run 13-",
		"3/0  16-",
	}
	var first map[string][]string
	for _, batch := range []int{1, 2, 5, 1000} {
		f.clear(t)
		f.project(t, batch)
		require.Equal(t, want, f.documents(t), "batches of %d", batch)
		if first == nil {
			first = f.tables(t)
		}
		require.Equal(t, first, f.tables(t), "batches of %d", batch)
	}
	require.Equal(t, []string{"ana 1 6 0", "bo 2 3 0", "cy 3 1 0"},
		f.lines(t, "select concat_ws(' ', user_id, scope, documents, sealed) from search_scopes order by scope"))
}

// The text of what is not active is kept, for when it is.
func TestASkippedEventChangesNothing(t *testing.T) {
	f := setup(t)
	begun, kept, never := uuid.New(), uuid.New(), uuid.New()
	f.tell(t,
		told{begun, "ana", nil},                                        // 1: the memory begins with what nobody can read
		told{kept, "ana", remembered("ana", "tea")},                    // 2
		told{kept, "ana", nil},                                         // 3
		told{begun, "ana", memory.ConfidenceAdjusted{From: .5, To: 1}}, // 4
		told{begun, "ana", revised("milk")},                            // 5: and is not active
		told{begun, "ana", memory.Restored{}},                          // 6
		told{kept, "ana", memory.Forgotten{}},                          // 7
		told{kept, "ana", nil},                                         // 8
		told{kept, "ana", memory.Restored{}},                           // 9
		told{never, "bo", nil},                                         // 10
		told{never, "bo", memory.Restored{}},                           // 11
	)
	for _, sequenceID := range []int64{1, 3, 8, 10} {
		var stopped *projections.StoppedError
		require.ErrorAs(t, f.run(t, 0, search.New()), &stopped)
		require.Equal(t, sequenceID, stopped.SequenceID)
		_, err := projections.Skip(t.Context(), f.pool, f.writer, tenant, search.Name, sequenceID, domain.Meta{}, "test")
		require.NoError(t, err)
	}
	want := []string{
		"1/0  1-1",
		"1/1 tea 2-7",
		"1/2 milk 5-5",
		"1/3 milk 6-",
		"1/4 tea 9-",
		"2/0  10-10",
		"2/1  11-",
	}
	for _, batch := range []int{1, 2, 1000} {
		f.clear(t)
		f.project(t, batch)
		require.Equal(t, want, f.documents(t), "batches of %d", batch)
	}
}

func TestAnEventOfNoMemoryStopsTheProjection(t *testing.T) {
	f := setup(t)
	orphan := uuid.New()
	f.tell(t, told{uuid.New(), "ana", remembered("ana", "tea")}, told{orphan, "ana", remembered("ana", "milk")})
	f.project(t, 0)
	f.tell(t, told{orphan, "ana", revised("coffee")})
	_, err := f.pool.Exec(t.Context(), "delete from search_documents where memory_id = $1", orphan)
	require.NoError(t, err)
	var stopped *projections.StoppedError
	require.ErrorAs(t, f.run(t, 0, search.New()), &stopped)
	require.EqualValues(t, 3, stopped.SequenceID)
}

func TestAnyTextCanBeIndexed(t *testing.T) {
	f := setup(t)
	// Texts with as many terms as can be: distinct words, alone, hyphenated, as addresses.
	forms := []string{"% ", "%-", "%.io/% ", "%-b-c ", "a.io/% ", "x@%.com ", "a_"}
	for _, form := range forms {
		var text strings.Builder
		for i := 0; text.Len() < 1_000_000; i++ {
			text.WriteString(strings.ReplaceAll(form, "%", letters(i)))
		}
		f.tell(t, told{uuid.New(), "ana", remembered("ana", text.String())})
	}
	f.project(t, 0)
	var documents int
	require.NoError(t, f.pool.QueryRow(t.Context(), "select count(*) from search_documents").Scan(&documents))
	require.Len(t, forms, documents)
}

// letters writes a number in letters.
func letters(i int) string {
	text := ""
	for i += 26; i > 0; i /= 26 {
		text += string(rune('a' + i%26))
	}
	return text
}
