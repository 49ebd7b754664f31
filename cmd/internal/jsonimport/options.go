package jsonimport

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// Options configure an import. docs/import.md says which agent and user a record gets.
type Options struct {
	// Root is the directory to read, or one file.
	Root string
	// Request names the tenant and the caller. All events of the run share its correlation id; default a new one.
	Request commands.Request
	// DryRun decides everything and writes nothing but Rejects and Outcomes.
	DryRun bool
	// User is the user of records for which nothing names one; default none: such records are rejected.
	User string
	// Agent is the agent of knowledge_base.json, default "knowledge_base", and of records for which nothing names one,
	// default "unknown".
	Agent string
	// AgentMap renames agents, wherever the name comes from; coach → fitness_coach is built in.
	AgentMap map[string]string
	// UserMap maps a path, an agent, or a user that a record names to a user.
	UserMap map[string]string
	// Zone is the zone of times without an offset; default the zone of this machine.
	Zone *time.Location
	// MergeDuplicateHypotheses leaves out hypotheses that were never tested if another has the same statement.
	MergeDuplicateHypotheses bool
	// Rejects is the file that rejected records are written to, one JSON object per line; default none. An existing file
	// is replaced. It must not be an input, under any name or link, nor lie within Root.
	Rejects string
	// Outcomes is the file for the Outcome of each record, under the same conditions; default none.
	Outcomes string
	// Inputs are further files that were read for these options, such as maps; they must not be written to.
	Inputs []string
	// Backup is the directory that the sources are copied to before the import; default none.
	Backup string
	// BatchRecords is how many records are imported at once; default 500, at most 1,000.
	BatchRecords int
	// BatchBytes is how many bytes of records are held for one batch; default 8 MiB.
	BatchBytes int
	// InFlight is how many batches are imported concurrently; default 2.
	InFlight int
}

// Deps are the dependencies of Run.
type Deps struct {
	// Import is commands.Handler.Import.
	Import func(ctx context.Context, req commands.Request, records []commands.ImportRecord, dryRun bool) ([]commands.ImportResult, error)
	// Secret is the tenant's (eventstore.Log.Secret). It keys digests of records.
	Secret []byte
	// Current waits until the projection has reached minSequence and returns those of the memories that it holds, by id.
	// Nil skips the verification.
	Current func(ctx context.Context, tenant domain.Tenant, minSequence int64, ids []uuid.UUID) (map[uuid.UUID]queries.Memory, error)
	// Versions returns every version of a memory that the projection holds; a memory that differs from its record may have been
	// changed after the import. With nil, every such memory counts as different.
	Versions func(ctx context.Context, tenant domain.Tenant, id uuid.UUID) ([]queries.Version, error)
	// Progress is called after each batch. May be nil.
	Progress func(Progress)
}

func (o Options) withDefaults() Options {
	o.Request.Tenant = cmp.Or(o.Request.Tenant, domain.DefaultTenant)
	o.Request.Meta.Actor = cmp.Or(o.Request.Meta.Actor, "auren import")
	if o.Request.Meta.CorrelationID == "" {
		o.Request.Meta.CorrelationID = uuid.Must(uuid.NewV7()).String()
	}
	o.Zone = cmp.Or(o.Zone, time.Local)
	o.BatchRecords = cmp.Or(o.BatchRecords, 500)
	o.BatchBytes = cmp.Or(o.BatchBytes, 8<<20)
	o.InFlight = cmp.Or(o.InFlight, 2)
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

// Progress is the progress of a phase.
type Progress struct {
	Phase Phase
	// Bytes and TotalBytes are those of the files; 0 in PhaseVerify.
	Bytes, TotalBytes int64
	// Records is how many records the phase has dealt with.
	Records int
	// TotalRecords is known in PhaseVerify only.
	TotalRecords int
}
