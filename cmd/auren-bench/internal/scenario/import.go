package scenario

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/internal/jsonimport"
	"github.com/auren-memory/auren/cmd/internal/jsonimport/sample"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

const (
	readImported = `
select tenant_id, id, agent_id, user_id, content::text, created_at
  from agent_memories
 where tenant_id = $1
 order by created_at`
	forgetNaive = `truncate auren_bench.memories`
)

// importSentences is how many sentences the texts of the records have, case by case: about 1 KB, and one.
var importSentences = []int{14, 1}

var naiveColumns = []string{"tenant_id", "id", "agent_id", "user_id", "content", "created_at"}

// importing imports one tree again and again, each time into a tenant that is new.
type importing struct {
	*run
	root   string
	reader *queries.Reader
	times  int
	last   domain.Tenant
}

// benchImport measures the import of JSON files, until every record is appended, projected, verified and can be
// searched, beside a COPY of the same memories into a table with a generated vector and its index: with texts as long as
// those of the other scenarios, and with short ones.
func benchImport(ctx context.Context, b *run) error {
	i := &importing{run: b}
	// What is projected slowly is waited for, not given up.
	i.reader = queries.New(b.Pool, queries.Config{Wake: b.ProjectNews.Subscribe, WaitLimit: patience})
	stop := b.Project(ctx)
	b.AtEnd(func() { _ = stop() }) // they report no error
	if err := b.Exec(ctx, createNaive, indexNaiveVector); err != nil {
		return err
	}
	for _, sentences := range importSentences {
		if err := i.compareWith(ctx, sentences); err != nil {
			return err
		}
	}
	return nil
}

// compareWith measures records whose texts have so many sentences.
func (i *importing) compareWith(ctx context.Context, sentences int) error {
	b := i.run
	b.Say("writing the JSON files")
	i.root = filepath.Join(b.Dir, fmt.Sprintf("sample%d", sentences))
	if _, err := sample.Write(i.root, sample.Options{Records: b.Events / 20, Sentences: sentences, WithoutOddities: true}); err != nil {
		return err
	}
	b.Say("importing once, unmeasured")
	first, err := i.importAll(ctx)
	if err != nil {
		return err
	}
	rows, err := b.imported(ctx, i.last)
	if err != nil {
		return err
	}
	size := 0
	for _, row := range rows {
		size += len(row[4].(string))
	}
	return b.Compare(ctx, measure.Result{Case: fmt.Sprintf("%d JSON records, text of %d bytes", first.Count, size/max(len(rows), 1))},
		measure.Floor("COPY, vector generated, GIN", "records", func(ctx context.Context) (measure.Sample, error) {
			if err := b.Exec(ctx, forgetNaive); err != nil {
				return measure.Sample{}, err
			}
			return measure.Timed(len(rows), func() error {
				_, err := b.Pool.CopyFrom(ctx, pgx.Identifier{"auren_bench", "memories"}, naiveColumns, pgx.CopyFromRows(rows))
				return err
			})
		}),
		measure.Subject("import, projected and verified", "records", i.importAll))
}

func (b *run) imported(ctx context.Context, from domain.Tenant) ([][]any, error) {
	found, _ := b.Pool.Query(ctx, readImported, from) // CollectRows returns its error
	return pgx.CollectRows(found, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
}

// importAll imports the tree into a new tenant and waits for it to be searched.
func (i *importing) importAll(ctx context.Context) (measure.Sample, error) {
	i.times++
	i.last = domain.Tenant(fmt.Sprintf("import%d", i.times))
	zone, err := jsonimport.ParseZone(sample.TimeZone)
	if err != nil {
		return measure.Sample{}, err
	}
	secret, err := i.EventLog.Secret(ctx, i.last)
	if err != nil {
		return measure.Sample{}, err
	}
	var report *jsonimport.Report
	m, err := measure.Timed(0, func() error {
		report, err = jsonimport.Run(ctx, jsonimport.Options{Root: i.root, User: sample.User, Zone: zone, Request: commands.Request{Tenant: i.last}},
			jsonimport.Deps{Import: i.Handler.Import, Secret: secret, Current: i.current})
		if err != nil {
			return err
		}
		_, err = i.reader.Search(ctx, i.last, queries.SearchRequest{Query: "sleep"}, queries.At{MinSequenceID: report.SequenceID})
		return err
	})
	if err == nil && !report.Verification.Complete() {
		err = errors.New("what was imported is not what is held")
	}
	if report != nil {
		m.Count = report.Total.Records
	}
	return m, err
}

func (i *importing) current(ctx context.Context, of domain.Tenant, minSequence int64, ids []uuid.UUID) (map[uuid.UUID]queries.Memory, error) {
	memories, _, err := i.reader.ByIDs(ctx, of, ids, queries.At{MinSequenceID: minSequence})
	return memories, err
}
