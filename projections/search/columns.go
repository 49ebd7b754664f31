package search

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/projections/rows"
)

// row is the searchable part of a memory. Its snapshot holds only what the table has columns for. The state is active or
// not: forgotten and expired memories are both hidden until they are restored.
type row struct {
	memory.Snapshot
	opened     bool // by an event of the batch
	active     bool
	words      int
	vector     pgtype.TSVector // not valid if unchanged
	sequenceID int64

	// The row's share of its scope's counts before the batch.
	countedMemories, countedWords int
}

// The columns, grouped by what changes them.
var (
	constantColumns = []rows.Column[row]{
		rows.NewColumn("id", "uuid", func(r *row) *uuid.UUID { return &r.ID }),
		rows.NewColumn("agent_id", "text", func(r *row) *string { return &r.AgentID }),
		rows.NewColumn("user_id", "text", func(r *row) *string { return &r.UserID }),
		rows.NewColumn("created_at", "timestamptz", func(r *row) *time.Time { return &r.CreatedAt }),
	}
	textColumns = []rows.Column[row]{
		rows.NewColumn("memory_type", "text", func(r *row) *string { return &r.Type }),
		rows.NewColumn("words", "int", func(r *row) *int { return &r.words }),
	}
	vectorColumn = rows.NewColumn("vector", "tsvector", func(r *row) *pgtype.TSVector { return &r.vector })
	flagColumns  = []rows.Column[row]{
		rows.NewColumn("confidence_score", "float8", func(r *row) *float64 { return &r.Confidence }),
		rows.NewColumn("is_active", "bool", func(r *row) *bool { return &r.active }),
		rows.NewColumn("expires_at", "timestamptz", func(r *row) **time.Time { return &r.ExpiresAt }),
	}
	sequenceColumn = rows.NewColumn("sequence_id", "bigint", func(r *row) *int64 { return &r.sequenceID })

	texts = append(slices.Concat(textColumns, flagColumns), vectorColumn, sequenceColumn)
	table = rows.NewTable("agent_memory_search", slices.Concat(constantColumns, texts))

	load        = table.Load(slices.Concat(constantColumns, textColumns, flagColumns))
	updateTexts = table.Update(texts)
	updateFlags = table.Update(append(slices.Clone(flagColumns), sequenceColumn))
)
