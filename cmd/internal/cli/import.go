package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/jsonimport"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/queries"
)

// Import is `auren import`.
type Import struct {
	Path                     string `arg:"" help:"A directory that holds JSON files, or one file."`
	DryRun                   bool   `name:"dry-run" help:"Say what would become of each record, and write nothing."`
	User                     string `placeholder:"ID" help:"The user of records that name none."`
	UserMap                  string `name:"user-map" placeholder:"FILE" help:"A JSON object that gives paths, agents or users a user."`
	Agent                    string `placeholder:"ID" help:"The agent of knowledge_base.json and of records that name none."`
	AgentMap                 string `name:"agent-map" placeholder:"FILE" help:"A JSON object that gives agents another name."`
	TZ                       string `name:"tz" placeholder:"ZONE" help:"The time zone of times that name none, such as Europe/Berlin; default that of this machine."`
	MergeDuplicateHypotheses bool   `name:"merge-duplicate-hypotheses" help:"Of equal hypotheses keep the one tested best."`
	Rejects                  string `placeholder:"FILE" help:"Write the records that were left out, as they are, to this file."`
	Outcomes                 string `placeholder:"FILE" help:"Write what became of each record to this file, a line of JSON each."`
	Backup                   string `placeholder:"DIR" help:"Copy the files there before anything else."`
	writing
}

// Run imports, verifies, and says what became of everything.
func (c *Import) Run(ctx context.Context, a *App) error {
	options, err := c.options(a)
	if err != nil {
		return UsageError{err}
	}
	client, err := a.Connect(ctx, "import")
	if err != nil {
		return err
	}
	defer client.Close()
	report, err := importJSON(ctx, client, options)
	if report != nil && (err == nil || report.Total.Records > 0) {
		err = errors.Join(a.answer(c.JSON, report, func() { printReport(a.Stdout, report) }), err)
	}
	if err != nil {
		return err
	}
	if code := report.ExitCode(); code != 0 {
		return ExitError{errors.New(shortfall(report)), code}
	}
	return nil
}

func (c *Import) options(a *App) (jsonimport.Options, error) {
	options := jsonimport.Options{
		Root: c.Path, Request: c.request(a), DryRun: c.DryRun, User: c.User, Agent: c.Agent,
		MergeDuplicateHypotheses: c.MergeDuplicateHypotheses, Rejects: c.Rejects, Outcomes: c.Outcomes, Backup: c.Backup,
	}
	var err error
	if options.Zone, err = jsonimport.ParseZone(c.TZ); err != nil {
		return options, fmt.Errorf("--tz %w", err)
	}
	if c.UserMap != "" {
		options.Inputs = append(options.Inputs, c.UserMap)
		if options.UserMap, err = jsonimport.LoadUserMap(c.UserMap); err != nil {
			return options, err
		}
	}
	if c.AgentMap != "" {
		options.Inputs = append(options.Inputs, c.AgentMap)
		options.AgentMap, err = jsonimport.LoadAgentMap(c.AgentMap)
	}
	return options, err
}

// importJSON imports with a progress bar for each phase, and compares what was imported with the read model.
func importJSON(ctx context.Context, c *stack.Client, options jsonimport.Options) (*jsonimport.Report, error) {
	secret, err := c.Events.Secret(ctx, options.Request.Tenant)
	if err != nil {
		return nil, err
	}
	bars, r := terminal.NewProgress(c.Stderr), importReader{c}
	deps := jsonimport.Deps{Import: c.Handler.Import, Secret: secret, Current: r.held, Versions: r.heldVersions, Progress: func(now jsonimport.Progress) {
		current, total := now.Bytes, now.TotalBytes
		if now.Phase == jsonimport.PhaseVerify {
			current, total = int64(now.Records), int64(now.TotalRecords)
		}
		bars.Move(string(now.Phase), current, total, int64(now.Records), "records")
	}}
	report, err := jsonimport.Run(ctx, options, deps)
	bars.End(err == nil)
	return report, err
}

// importReader reads what was imported back.
type importReader struct{ *stack.Client }

// held returns what the read model holds, waiting as long as the projection makes headway.
func (c importReader) held(ctx context.Context, tenant domain.Tenant, minSequence int64, ids []uuid.UUID) (map[uuid.UUID]queries.Memory, error) {
	var last int64 = -1
	for {
		memories, _, err := c.Reader.ByIDs(ctx, tenant, ids, queries.At{MinSequenceID: minSequence})
		if err == nil {
			return memories, nil
		}
		if domain.KindOf(err) != domain.Unavailable {
			return nil, err
		}
		position, statusErr := c.position(ctx)
		if statusErr != nil || position <= last {
			return nil, fmt.Errorf("%w; %w", err, stack.ErrNoProjector)
		}
		last = position
	}
}

// position is how far the projection of the memories is.
func (c importReader) position(ctx context.Context) (int64, error) {
	all, err := projections.ReadStatus(ctx, c.Pool)
	for _, s := range all {
		if s.Tenant == c.Tenant && s.Projection == agentmemories.Name {
			return s.SequenceID, err
		}
	}
	return 0, err
}

func (c importReader) heldVersions(ctx context.Context, _ domain.Tenant, id uuid.UUID) ([]queries.Version, error) {
	var versions []queries.Version
	for page := (queries.HistoryPage{Limit: queries.MaxLimit}); ; {
		result, err := c.Reader.History(ctx, c.Tenant, id, page, queries.At{})
		if err != nil {
			return nil, err
		}
		versions = append(versions, result.Versions...)
		if page.AfterVersion = result.NextAfterVersion; page.AfterVersion == 0 {
			return versions, nil
		}
	}
}

// verified says how the comparison with the read model came out; "" where there was none.
func verified(r *jsonimport.Report) (said string, ok bool) {
	v := r.Verification
	switch {
	case v == nil || v.Checked == 0:
		return "", true
	case !v.Complete():
		return fmt.Sprintf("%s of %s verified: %s missing, %s different", terminal.Number(v.Verified+v.ChangedSince), terminal.Number(v.Checked),
			terminal.Number(v.Missing), terminal.Number(v.Differs)), false
	}
	said = fmt.Sprintf("all %s verified", terminal.Count(v.Checked, "imported record"))
	if v.ChangedSince > 0 {
		said += fmt.Sprintf(", %s of them changed here since", terminal.Number(v.ChangedSince))
	}
	return said, true
}

func shortfall(r *jsonimport.Report) string {
	if said, ok := verified(r); !ok {
		return said
	}
	said := ""
	if n := r.Total.Rejected; n > 0 {
		said = terminal.Count(n, "record") + " left out"
	}
	if n := len(r.Problems()); n > 0 {
		if said != "" {
			said += ", "
		}
		said += terminal.Count(n, "file") + " not read to the end"
	}
	return said
}

// rate says how fast a run was.
func rate(r *jsonimport.Report) string {
	perSecond := float64(r.Total.Records) / max(r.Elapsed.Seconds(), 1e-3)
	return fmt.Sprintf("%s in %s, %s/s", terminal.Count(r.Total.Records, "record"), terminal.Duration(r.Elapsed.Round(time.Millisecond)), terminal.Number(int64(perSecond)))
}
