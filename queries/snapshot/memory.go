package snapshot

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/queries/filter"
)

// Memory is one version of a memory, as an answer shows it. CreatedAt and UpdatedAt are when it happened, RecordedAt is
// when AUREN was told.
type Memory struct {
	ID         uuid.UUID       `json:"id"`
	AgentID    string          `json:"agent_id"`
	UserID     string          `json:"user_id"`
	Type       string          `json:"memory_type"`
	Content    json.RawMessage `json:"content"`
	Confidence float64         `json:"confidence"`
	Metadata   json.RawMessage `json:"metadata"`
	// State is the state at the moment that the answer is about: expired from the instant of ExpiresAt on.
	State      string     `json:"state"`
	Version    int        `json:"version"`
	SequenceID int64      `json:"sequence_id"` // of the version's event
	CreatedAt  time.Time  `json:"created_at"`  // when the first event occurred
	UpdatedAt  time.Time  `json:"updated_at"`  // when the version's event occurred
	RecordedAt time.Time  `json:"recorded_at"` // when the version's event was committed
	ExpiresAt  *time.Time `json:"expires_at"`  // nil: never
}

// columns is the only list of the columns of a memory, each with where it is scanned. Content and metadata are scanned as
// bytes: what comes from PostgreSQL is valid, and a json.RawMessage would be parsed to make sure.
func columns() []column {
	return []column{
		{"id", func(m *Memory) any { return &m.ID }},
		{"agent_id", func(m *Memory) any { return &m.AgentID }},
		{"user_id", func(m *Memory) any { return &m.UserID }},
		{"memory_type", func(m *Memory) any { return &m.Type }},
		{"content", func(m *Memory) any { return (*[]byte)(&m.Content) }},
		{"confidence_score", func(m *Memory) any { return &m.Confidence }},
		{"metadata", func(m *Memory) any { return (*[]byte)(&m.Metadata) }},
		{"state", func(m *Memory) any { return &m.State }},
		{"version", func(m *Memory) any { return &m.Version }},
		{"sequence_id", func(m *Memory) any { return &m.SequenceID }},
		{"created_at", func(m *Memory) any { return &m.CreatedAt }},
		{"updated_at", func(m *Memory) any { return &m.UpdatedAt }},
		{"recorded_at", func(m *Memory) any { return &m.RecordedAt }},
		{"expires_at", func(m *Memory) any { return &m.ExpiresAt }},
	}
}

type column struct {
	name   string
	target func(*Memory) any
}

// Columns is the select list of what Targets scans, with the state as it is stored.
func Columns() string { return selectList("state") }

func selectList(state string) string {
	var names []string
	for _, c := range columns() {
		if c.name == "state" {
			c.name = state
		}
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// Targets are where a row of Columns is scanned to; InUTC has to follow.
func (m *Memory) Targets() []any {
	all := columns()
	targets := make([]any, len(all))
	for i, c := range all {
		targets[i] = c.target(m)
	}
	return targets
}

// InUTC moves the times from the time zone of the machine to UTC.
func (m *Memory) InUTC() {
	m.CreatedAt, m.UpdatedAt, m.RecordedAt = m.CreatedAt.UTC(), m.UpdatedAt.UTC(), m.RecordedAt.UTC()
	if m.ExpiresAt != nil {
		*m.ExpiresAt = m.ExpiresAt.UTC()
	}
}

// Size is about how many bytes the memory takes in an answer.
func (m *Memory) Size() int { return len(m.Content) + len(m.Metadata) + 512 }

// MemoryScanner scans the rows of one answer of Select, one after the other.
func MemoryScanner() pgx.RowToFunc[Memory] {
	var m Memory
	targets := m.Targets()
	return func(row pgx.CollectableRow) (Memory, error) {
		m = Memory{}
		err := row.Scan(targets...)
		m.InUTC()
		return m, err
	}
}

// Select is the statement that reads the memories of the snapshot, whose tenant is $1. Conditions stand for the rest of the
// where clause; tail is the order and the limit.
func (s Snapshot) Select(args *filter.Args, conditions filter.Conditions, tail string) string {
	expired := "case when state = 'active' and expires_at <= " + args.Add(s.Moment) + " then 'expired' else state end as state"
	current := `
select ` + selectList(expired) + `
  from agent_memories
 where tenant_id = $1` + conditions.And()
	if !s.Past {
		return current + tail
	}
	// The limit stands in each half, too, so that each can follow an index and stop.
	position := args.Add(s.Position)
	return `
select *
  from (
(` + current + `
   and sequence_id <= ` + position + tail + `)
union all
(` + strings.Replace(current, "agent_memories", "agent_memory_history", 1) + `
   and sequence_id <= ` + position + `
   and superseded_sequence_id > ` + position + tail + `)
  ) as versions` + tail
}
