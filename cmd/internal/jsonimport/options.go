package jsonimport

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
)

// Options say what to import, and how.
type Options struct {
	// Root is the directory to read, or one file.
	Root string
	// Request names the tenant, and who imports. An empty correlation id is set to a new one, which then leads from
	// any event to all others of the run.
	Request commands.Request
	// DryRun decides everything and writes nothing but Rejects and Outcomes.
	DryRun bool
	// User is the user of records that name none, in themselves, in their file or in its name; default none, which
	// rejects them.
	User string
	// Agent is the agent of knowledge_base.json, default "knowledge_base", and of records that are named none by
	// themselves, their file or its path, default "unknown".
	Agent string
	// AgentMap gives agents another name, whatever says it; coach is fitness_coach in any case.
	AgentMap map[string]string
	// UserMap gives the files below a path, or an agent, a user; and users that records name another id.
	UserMap map[string]string
	// Zone is that of times that name none; default that of this machine.
	Zone *time.Location
	// MergeDuplicateHypotheses keeps, of hypotheses of equal statement, the one tested best, and leaves out the
	// others that were never tested.
	MergeDuplicateHypotheses bool
	// Rejects is the file that rejected records are written to, one JSON object a line; default none. A file of that
	// name is replaced, and none may be that is an input, by whatever name or link, or lies within Root.
	Rejects string
	// Outcomes is the file that what became of each record is written to, an Outcome a line, under the same
	// conditions; default none.
	Outcomes string
	// Inputs are the files besides those of Root that were read for these options, such as maps: they are not to be
	// written to.
	Inputs []string
	// Backup is the directory that the sources are copied to before anything is imported; default none.
	Backup string
	// BatchRecords is how many records are imported at once; default 500, at most 1,000.
	BatchRecords int
	// BatchBytes is how many bytes of records are held for one batch; default 8 MiB.
	BatchBytes int
	// InFlight is how many batches are imported at a time; default 2.
	InFlight int
}

// Deps are what Run works with.
type Deps struct {
	// Import is commands.Handler.Import.
	Import func(ctx context.Context, req commands.Request, records []commands.ImportRecord, dryRun bool) ([]commands.ImportResult, error)
	// Secret is the tenant's (eventstore.Log.Secret): the ids and digests that are made from records are keyed by it.
	Secret []byte
	// Current returns those of the memories with the given ids that the projection holds, in any order, once it has
	// reached minSequence. Nil leaves out the verification.
	Current func(ctx context.Context, tenant domain.Tenant, minSequence int64, ids []uuid.UUID) ([]Held, error)
	// Versions returns every version of one memory that the projection holds. It is asked where a memory is not as
	// its record has it, since it may have been changed after it was imported; nil takes all those as different.
	Versions func(ctx context.Context, tenant domain.Tenant, id uuid.UUID) ([]Held, error)
	// Outcome is told what became of each record, in their order; an error ends the run. Nil: nobody.
	Outcome func(Outcome) error
	// Progress is told how far the run is, after each batch; nil: nobody.
	Progress func(Progress)
}

func (o Options) withDefaults() Options {
	if o.Request.Tenant == "" {
		o.Request.Tenant = domain.DefaultTenant
	}
	if o.Request.Meta.Actor == "" {
		o.Request.Meta.Actor = "auren import"
	}
	if o.Request.Meta.CorrelationID == "" {
		o.Request.Meta.CorrelationID = uuid.Must(uuid.NewV7()).String()
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.BatchRecords == 0 {
		o.BatchRecords = 500
	}
	if o.BatchBytes == 0 {
		o.BatchBytes = 8 << 20
	}
	if o.InFlight == 0 {
		o.InFlight = 2
	}
	return o
}

// Phase is a part of a run.
type Phase string

// The phases, in their order.
const (
	PhaseBackup Phase = "backup"
	PhaseImport Phase = "import"
	PhaseVerify Phase = "verify"
)

// Progress says how far a phase is.
type Progress struct {
	Phase Phase
	// Bytes and TotalBytes are those of the files; 0 in PhaseVerify.
	Bytes, TotalBytes int64
	// Records is how many records the phase has dealt with.
	Records int
	// TotalRecords is known in PhaseVerify only.
	TotalRecords int
	// PerSecond is how many records were dealt with per second since the phase began.
	PerSecond float64
}
