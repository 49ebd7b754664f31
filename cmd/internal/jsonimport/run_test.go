package jsonimport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/queries"
)

func numbered(n int) string {
	records := make([]string, n)
	for i := range records {
		records[i] = fmt.Sprintf(`{"content": %d, "agent_id": "a", "timestamp": "2026-01-01"}`, i)
	}
	return "[" + strings.Join(records, ",") + "]"
}

type importFunc = func(context.Context, commands.Request, []commands.ImportRecord, bool) ([]commands.ImportResult, error)

// answer imports nothing and gives each record the same result.
func answer(result commands.ImportResult) importFunc {
	return func(_ context.Context, _ commands.Request, records []commands.ImportRecord, _ bool) ([]commands.ImportResult, error) {
		return slices.Repeat([]commands.ImportResult{result}, len(records)), nil
	}
}

// around imports each batch by the call of next.
func (w *world) around(batch func(records int, next func() error) error) Deps {
	deps := w.deps()
	deps.Import = func(ctx context.Context, req commands.Request, records []commands.ImportRecord, dryRun bool) (results []commands.ImportResult, err error) {
		err = batch(len(records), func() (err error) {
			results, err = w.handler.Import(ctx, req, records, dryRun)
			return err
		})
		return results, err
	}
	return deps
}

func TestRejectsHoldTheRawBytes(t *testing.T) {
	t.Parallel()
	const broken = "{\"content\": \"a\xff\", 'x'}"
	long := `{"memory_type": "` + strings.Repeat("t", 60) + `", "content": 1}`
	text := "\ufeff[" + broken + `, {"content": 1}, 5, ` + long + `, {"content": "cut`
	file := filepath.Join(t.TempDir(), "rejects.jsonl")
	require.NoError(t, os.WriteFile(file, []byte("of a former run"), 0o600))
	report, _ := runWith(t, Options{Root: filesOf(t, map[string]string{"list.json": text}), Rejects: file},
		Deps{Import: answer(commands.ImportResult{Err: domain.Invalidf("content", "is refused")})})
	require.Equal(t, 5, report.Total.Rejected)

	rejections := lines[rejection](t, file)
	require.Len(t, rejections, 5)
	for i, raw := range []string{broken, `{"content": 1}`, "5", long, `{"content": "cut`} {
		r := rejections[i]
		require.Equal(t, raw, string(r.Raw))
		require.Equal(t, strings.ToValidUTF8(raw, "\ufffd"), r.RawText)
		require.Equal(t, raw, text[r.Offset:r.Offset+r.Length])
		require.Equal(t, "list.json", r.File)
		require.Equal(t, i, r.Index)
	}
	require.Equal(t, "content: is refused", rejections[1].Reason, "what the importer refuses is rejected as well")
}

func TestBatchesAreLimitedAndOutcomesInOrder(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	deps := setup(t).around(func(records int, next func() error) error {
		defer now.Add(-1)
		n := now.Add(1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		if records > 7 {
			return fmt.Errorf("a batch of %d records", records)
		}
		return next()
	})
	var last Progress
	deps.Progress = func(p Progress) {
		if p.Phase == PhaseImport {
			require.Greater(t, p.Records, last.Records)
			last = p
		}
	}
	root := filesOf(t, map[string]string{"list.json": numbered(200)})
	report, outcomes := runWith(t, Options{Root: root, BatchRecords: 7, InFlight: 3}, deps)
	require.Equal(t, 200, report.Total.Added)
	require.LessOrEqual(t, most.Load(), int32(3))
	require.Equal(t, Progress{Phase: PhaseImport, Bytes: last.TotalBytes, TotalBytes: report.Files[0].Bytes, Records: 200}, last)
	for i, o := range outcomes {
		require.Equal(t, i, o.Index)
	}
}

func TestBatchesAreLimitedInBytesAndRepeatedWhileTheImporterIsUnavailable(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int32
	deps := setup(t).around(func(_ int, next func() error) error {
		if attempts.Add(1) <= 2 {
			return domain.Errorf(domain.Unavailable, "away")
		}
		return next()
	})
	var records []string
	for i := range 20 {
		records = append(records, fmt.Sprintf(`{"content": "%s", "agent_id": "a", "id": %d}`, strings.Repeat("x", 10_000), i))
	}
	root := filesOf(t, map[string]string{"list.json": "[" + strings.Join(records, ",") + "]"})
	report, _ := runWith(t, Options{Root: root, BatchBytes: 50_000}, deps)
	require.Equal(t, 20, report.Total.Added)
	require.EqualValues(t, 4+2, attempts.Load())
}

func TestAFailureEndsTheRun(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	o := Options{Root: filesOf(t, map[string]string{"list.json": numbered(100)}), User: "anna", BatchRecords: 3}
	boom, added := errors.New("boom"), answer(commands.ImportResult{Verdict: commands.ImportAdded})
	for name, deps := range map[string]Deps{
		"import": {Import: func(context.Context, commands.Request, []commands.ImportRecord, bool) ([]commands.ImportResult, error) {
			return nil, boom
		}},
		"verify": {Import: added, Current: func(context.Context, domain.Tenant, int64, []uuid.UUID) (map[uuid.UUID]queries.Memory, error) {
			return nil, boom
		}},
	} {
		report, err := Run(t.Context(), o, deps)
		require.ErrorIs(t, err, boom, name)
		require.NotNil(t, report)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, o, Deps{Import: added, Progress: func(Progress) { cancel() }})
	require.ErrorIs(t, err, context.Canceled)
	o.Outcomes = "/dev/full"
	_, err = Run(t.Context(), o, Deps{Import: added})
	require.ErrorContains(t, err, "outcomes")
	missing := filepath.Join(o.Root, "none")
	_, err = Run(t.Context(), Options{Root: missing}, Deps{})
	require.Equal(t, domain.Invalid, domain.KindOf(err))
	require.EqualError(t, err, "open "+missing+": no such file or directory")
}

func TestVerificationFindsWhatDiffers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{"list.json": numbered(9)})
	deps := w.deps()
	current := deps.Current
	deps.Current = func(ctx context.Context, tenant domain.Tenant, minSequence int64, ids []uuid.UUID) (map[uuid.UUID]queries.Memory, error) {
		held, err := current(ctx, tenant, minSequence, ids)
		require.Len(t, held, 9)
		for i, alter := range []func(m *queries.Memory){
			func(m *queries.Memory) { m.Content = json.RawMessage(`"altered"`) },
			func(m *queries.Memory) { m.Confidence += 0.001 },
			func(m *queries.Memory) { m.State = queries.StateForgotten },
			func(m *queries.Memory) { m.CreatedAt = m.CreatedAt.Add(1000) },
			func(m *queries.Memory) { m.ExpiresAt = &m.CreatedAt },
			func(m *queries.Memory) { m.ValidFrom = &m.CreatedAt },
			func(m *queries.Memory) { m.ValidTo = &m.CreatedAt },
		} {
			m := held[ids[i]]
			alter(&m)
			held[ids[i]] = m
		}
		delete(held, ids[8])
		return held, err
	}
	report, _ := runWith(t, Options{Root: root}, deps)
	v := report.Verification
	require.Equal(t, []int{9, 1, 0, 1, 7}, []int{v.Checked, v.Verified, v.ChangedSince, v.Missing, v.Differs})
	require.Len(t, v.Differences, 8)
	require.False(t, v.Complete())
	require.Equal(t, ExitUnverified, report.ExitCode())
	require.Equal(t, 1, report.Total.Verified)
	require.Equal(t, 1, report.Files[0].Verified)
}

func TestEventsOfARunShareACorrelationID(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{"list.json": numbered(3)})
	report, _ := w.run(t, Options{Root: root})
	page, err := w.log.ReadLog(t.Context(), domain.DefaultTenant, 0, eventstore.Filter{CorrelationID: report.CorrelationID}, 100)
	require.NoError(t, err)
	require.Len(t, page.Events, 3)
	meta, err := page.Events[0].Meta()
	require.NoError(t, err)
	require.Equal(t, "auren import", meta.Actor)
	require.Equal(t, w.head(t), report.SequenceID)
}
