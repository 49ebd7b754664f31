package queries

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// The states of a memory, as they stand in the tables, and what a filter may ask for beside them.
const (
	StateActive    = "active"
	StateForgotten = "forgotten"
	StateExpired   = "expired"
	// StateAll asks for memories in any state.
	StateAll = "all"
)

// Memory is one version of a memory, as an answer shows it.
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
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	ExpiresAt  *time.Time `json:"expires_at"` // nil: never
}

// size is about how many bytes the memory takes in an answer.
func (m *Memory) size() int { return len(m.Content) + len(m.Metadata) + 512 }

// memoryColumns is what Memory.fields scans; stateAt is the moment that decides what has expired.
func memoryColumns(stateAt string) string {
	return `id, agent_id, user_id, memory_type, content, confidence_score, metadata,
       case when state = 'active' and expires_at <= ` + stateAt + ` then 'expired' else state end as state,
       version, sequence_id, created_at, updated_at, expires_at`
}

func (m *Memory) fields() []any {
	// As bytes: what comes from PostgreSQL is valid, and a json.RawMessage would be parsed to make sure.
	return []any{&m.ID, &m.AgentID, &m.UserID, &m.Type, (*[]byte)(&m.Content), &m.Confidence, (*[]byte)(&m.Metadata),
		&m.State, &m.Version, &m.SequenceID, &m.CreatedAt, &m.UpdatedAt, &m.ExpiresAt}
}

func (m *Memory) inUTC() {
	m.CreatedAt, m.UpdatedAt = m.CreatedAt.UTC(), m.UpdatedAt.UTC()
	if m.ExpiresAt != nil {
		*m.ExpiresAt = m.ExpiresAt.UTC()
	}
}

// memoryScanner scans one memory after the other, of one answer.
func memoryScanner() pgx.RowToFunc[Memory] {
	var m Memory
	fields := m.fields()
	return func(row pgx.CollectableRow) (Memory, error) {
		m = Memory{}
		err := row.Scan(fields...)
		m.inUTC()
		return m, err
	}
}

// selectMemories is the statement that reads the memories of a view. Conditions, each starting with "and", stand
// for the rest of the where clause; tail is the order and the limit.
func (s *statement) selectMemories(v view, conditions, tail string) string {
	columns := memoryColumns(s.arg(v.moment))
	current := `
select ` + columns + `
  from agent_memories
 where tenant_id = ` + s.tenant() + conditions
	if !v.past {
		return current + tail
	}
	// The limit stands in each half, too, so that each can follow an index and stop.
	position := s.arg(v.sequenceID)
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
