package jsonimport

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

func TestRejectsHoldTheRawBytes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const broken, long = "{\"content\": \"a\xff\", 'x'}", `{"memory_type": "%s", "content": 1}`
	text := "\ufeff[" + broken + `, {"content": 1}, 5, ` + strings.Replace(long, "%s", strings.Repeat("t", 60), 1) + `, {"content": "cut`
	root := filesOf(t, map[string]string{"list.json": text})
	file := filepath.Join(t.TempDir(), "rejects.jsonl")
	require.NoError(t, os.WriteFile(file, []byte("of a former run"), 0o600))
	deps := w.deps()
	handler := deps.Import
	deps.Import = func(ctx context.Context, req commands.Request, records []commands.ImportRecord, dryRun bool) ([]commands.ImportResult, error) {
		results, err := handler(ctx, req, records[:0], dryRun)
		for range records {
			results = append(results, commands.ImportResult{Err: domain.Invalidf("content", "is refused")})
		}
		return results, err
	}
	report, err := Run(t.Context(), Options{Root: root, User: "anna", Rejects: file}, deps)
	require.NoError(t, err)
	require.Equal(t, 5, report.Total.Rejected)

	in, err := os.Open(file)
	require.NoError(t, err)
	defer in.Close()
	lines := bufio.NewScanner(in)
	var reasons []string
	for _, raw := range []string{broken, `{"content": 1}`, "5", strings.Replace(long, "%s", strings.Repeat("t", 60), 1), `{"content": "cut`} {
		require.True(t, lines.Scan())
		var r rejection
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		require.Equal(t, raw, string(r.Raw))
		require.Equal(t, strings.ToValidUTF8(raw, "\ufffd"), r.RawText)
		require.Equal(t, raw, text[r.Offset:r.Offset+r.Length])
		require.Equal(t, "list.json", r.File)
		require.Equal(t, len(reasons), r.Index)
		reasons = append(reasons, r.Reason)
	}
	require.False(t, lines.Scan())
	require.Equal(t, "content: is refused", reasons[1], "what the importer refuses is rejected as well")
}

func TestBatchesAreLimitedAndOutcomesInOrder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	deps := w.deps()
	handler := deps.Import
	var now, most atomic.Int32
	deps.Import = func(ctx context.Context, req commands.Request, records []commands.ImportRecord, dryRun bool) ([]commands.ImportResult, error) {
		defer now.Add(-1)
		n := now.Add(1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		if len(records) > 7 {
			return nil, fmt.Errorf("a batch of %d records", len(records))
		}
		return handler(ctx, req, records, dryRun)
	}
	var last Progress
	deps.Progress = func(p Progress) {
		if p.Phase == PhaseImport {
			require.Greater(t, p.Records, last.Records)
			last = p
		}
	}
	root := filesOf(t, map[string]string{"list.json": numbered(200)})
	report, err := Run(t.Context(), Options{Root: root, User: "anna", BatchRecords: 7, InFlight: 3}, deps)
	require.NoError(t, err)
	require.Equal(t, 200, report.Total.Added)
	require.LessOrEqual(t, most.Load(), int32(3))
	require.Equal(t, Progress{Phase: PhaseImport, Bytes: last.TotalBytes, TotalBytes: report.Files[0].Bytes, Records: 200}, last)
	for i, o := range w.outcomes {
		require.Equal(t, i, o.Index)
	}
}

func TestBatchesAreLimitedInBytes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	deps := w.deps()
	handler := deps.Import
	var batches atomic.Int32
	deps.Import = func(ctx context.Context, req commands.Request, records []commands.ImportRecord, dryRun bool) ([]commands.ImportResult, error) {
		batches.Add(1)
		return handler(ctx, req, records, dryRun)
	}
	large := `{"content": "` + strings.Repeat("x", 10_000) + `", "agent_id": "a", "id": %d}`
	var records []string
	for i := range 20 {
		records = append(records, fmt.Sprintf(large, i))
	}
	root := filesOf(t, map[string]string{"list.json": "[" + strings.Join(records, ",") + "]"})
	_, err := Run(t.Context(), Options{Root: root, User: "anna", BatchBytes: 50_000}, deps)
	require.NoError(t, err)
	require.EqualValues(t, 4, batches.Load())
}

func TestAnUnavailableImporterIsRetried(t *testing.T) {
	t.Parallel()
	w := setup(t)
	deps := w.deps()
	handler := deps.Import
	failures := atomic.Int32{}
	failures.Store(2)
	deps.Import = func(ctx context.Context, req commands.Request, records []commands.ImportRecord, dryRun bool) ([]commands.ImportResult, error) {
		if failures.Add(-1) >= 0 {
			return nil, domain.Errorf(domain.Unavailable, "away")
		}
		return handler(ctx, req, records, dryRun)
	}
	root := filesOf(t, map[string]string{"list.json": numbered(20)})
	report, err := Run(t.Context(), Options{Root: root, User: "anna", BatchRecords: 10}, deps)
	require.NoError(t, err)
	require.Equal(t, 20, report.Total.Added)
}

func TestAFailureEndsTheRun(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	root := filesOf(t, map[string]string{"list.json": numbered(100)})
	boom := errors.New("boom")
	added := func(_ context.Context, _ commands.Request, records []commands.ImportRecord, _ bool) ([]commands.ImportResult, error) {
		results := make([]commands.ImportResult, len(records))
		for i := range results {
			results[i].Verdict = commands.ImportAdded
		}
		return results, nil
	}
	for name, deps := range map[string]Deps{
		"import": {Import: func(context.Context, commands.Request, []commands.ImportRecord, bool) ([]commands.ImportResult, error) {
			return nil, boom
		}},
		"outcome": {Import: added, Outcome: func(Outcome) error { return boom }},
		"verify": {Import: added, Current: func(context.Context, domain.Tenant, int64, []uuid.UUID) (map[uuid.UUID]queries.Memory, error) {
			return nil, boom
		}},
	} {
		report, err := Run(t.Context(), Options{Root: root, User: "anna", BatchRecords: 3}, deps)
		require.ErrorIs(t, err, boom, name)
		require.NotNil(t, report)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, Options{Root: root, User: "anna", BatchRecords: 3}, Deps{Import: added, Outcome: func(Outcome) error { cancel(); return nil }})
	require.ErrorIs(t, err, context.Canceled)
	_, err = Run(t.Context(), Options{Root: filepath.Join(root, "none")}, Deps{})
	require.Equal(t, domain.Invalid, domain.KindOf(err))
	require.EqualError(t, err, "open "+filepath.Join(root, "none")+": no such file or directory")
}

func TestVerificationFindsWhatDiffers(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{"list.json": numbered(6)})
	deps := w.deps()
	current := deps.Current
	deps.Current = func(ctx context.Context, tenant domain.Tenant, minSequence int64, ids []uuid.UUID) (map[uuid.UUID]queries.Memory, error) {
		held, err := current(ctx, tenant, minSequence, ids)
		require.Len(t, held, 6)
		for i, alter := range []func(m *queries.Memory){
			func(m *queries.Memory) { m.Content = json.RawMessage(`"altered"`) },
			func(m *queries.Memory) { m.Confidence += 0.001 },
			func(m *queries.Memory) { m.State = queries.StateForgotten },
			func(m *queries.Memory) { m.CreatedAt = m.CreatedAt.Add(1000) },
		} {
			m := held[ids[i]]
			alter(&m)
			held[ids[i]] = m
		}
		delete(held, ids[5])
		return held, err
	}
	report, err := Run(t.Context(), Options{Root: root, User: "anna"}, deps)
	require.NoError(t, err)
	v := report.Verification
	require.Equal(t, []int{6, 1, 0, 1, 4}, []int{v.Checked, v.Verified, v.ChangedSince, v.Missing, v.Differs})
	require.Len(t, v.Differences, 5)
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
