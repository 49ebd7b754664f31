package jsonimport

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/queries"
)

const (
	verifyBatch      = 1000
	verifyBatchBytes = 16 << 20
	maxDifferences   = 100
)

// check is what is kept of an imported record until it is compared.
type check struct {
	id      uuid.UUID
	hash    [sha256.Size]byte
	version int
	size    int
	file    *FileReport
	agent   *AgentReport
	scope   scope
}

// scope says which fields of a memory are compared. An added record is compared whole. A changed one keeps the time of its
// first import. An unchanged one also keeps what its file contributed then, which may differ now: its path, and the
// relationship_score.
type scope struct {
	created, file, confidence bool
}

// expect records what an imported record must look like in the projection.
func (r *run) expect(i item, v Verdict, result commands.ImportResult) error {
	if r.options.DryRun || r.deps.Current == nil || v == Kept {
		return nil
	}
	m := i.mapped
	s := scope{created: v == Added, file: v != Unchanged, confidence: v != Unchanged || !m.inherited}
	state := queries.StateActive
	if m.record.Forgotten {
		state = queries.StateForgotten
	}
	hash, err := s.fingerprint(queries.Memory{
		ID: result.ID, AgentID: m.memory.AgentID, UserID: m.memory.UserID, Type: m.memory.Type,
		Content: m.memory.Content.Raw(), Confidence: m.memory.Confidence, Metadata: m.memory.Metadata.Raw(),
		ExpiresAt: m.memory.ExpiresAt, ValidFrom: m.memory.ValidFrom, ValidTo: m.memory.ValidTo, State: state, CreatedAt: m.record.OccurredAt,
	})
	if err != nil {
		return err
	}
	r.checks = append(r.checks, check{id: result.ID, hash: hash, version: result.Version, file: i.file,
		size: len(m.memory.Content.Raw()) + len(m.memory.Metadata.Raw()), agent: r.agent(m.memory.AgentID), scope: s})
	return nil
}

func (s scope) fingerprint(m queries.Memory) ([sha256.Size]byte, error) {
	if !s.file {
		m.Content, m.Metadata = withoutFile(m.Content), withoutFile(m.Metadata)
	}
	content, err := canonjson.Adopt(m.Content)
	metadata, err2 := canonjson.Adopt(m.Metadata)
	if err = errors.Join(err, err2); err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("compare memory %s: %w", m.ID, err)
	}
	o := canonjson.NewObject(nil).Text("agent_id", m.AgentID)
	if s.confidence {
		o.Float("confidence", m.Confidence)
	}
	o.Value("content", content)
	if s.created {
		o.Time("created_at", &m.CreatedAt)
	}
	o.Time("expires_at", m.ExpiresAt).Bool("forgotten", m.State == queries.StateForgotten).Text("id", m.ID.String()).
		Text("memory_type", m.Type).Value("metadata", metadata).Text("user_id", m.UserID).
		Time("valid_from", m.ValidFrom).Time("valid_to", m.ValidTo)
	return sha256.Sum256(o.Done().Raw()), nil
}

// withoutFile removes where a record came from.
func withoutFile(value json.RawMessage) json.RawMessage {
	if !bytes.Contains(value, []byte(importedFrom)) {
		return value
	}
	f, err := fieldsOf(value)
	if err != nil || f == nil {
		return value
	}
	delete(f, importedFrom)
	return f.merged(nil)
}

// verify compares every record that was imported with what the projection holds.
func (r *run) verify(ctx context.Context) error {
	if r.options.DryRun || r.deps.Current == nil {
		return nil
	}
	v := &Verification{Checked: len(r.checks)}
	r.report.Verification = v
	for done := 0; done < len(r.checks); {
		part := nextPart(r.checks[done:])
		if err := r.verifyPart(ctx, v, part); err != nil {
			return err
		}
		done += len(part)
		r.report.Total.Verified = v.Verified + v.ChangedSince
		r.deps.Progress(Progress{Phase: PhaseVerify, Records: done, TotalRecords: len(r.checks)})
	}
	return nil
}

// nextPart limits what is compared at once, by count and by size.
func nextPart(checks []check) []check {
	size := 0
	for i, c := range checks {
		if size += c.size; i == verifyBatch || i > 0 && size > verifyBatchBytes {
			return checks[:i]
		}
	}
	return checks
}

func (r *run) verifyPart(ctx context.Context, v *Verification, part []check) error {
	ids := make([]uuid.UUID, len(part))
	for i, c := range part {
		ids[i] = c.id
	}
	held, err := r.deps.Current(ctx, r.options.Request.Tenant, r.report.SequenceID, ids)
	if err != nil {
		return fmt.Errorf("read %d memories to verify: %w", len(ids), err)
	}
	for _, c := range part {
		m, ok := held[c.id]
		if !ok {
			v.Missing++
			v.differ(c, "is not in the projection")
			continue
		}
		is, err := c.matches(m)
		was := false
		if !is && err == nil {
			was, err = r.asImported(ctx, c, m)
		}
		switch {
		case err != nil:
			return err
		case is:
			v.Verified++
		case was:
			v.ChangedSince++
		default:
			v.Differs++
			v.differ(c, fmt.Sprintf("version %d in the projection is not what was imported", m.Version))
			continue
		}
		c.file.Verified++
		c.agent.Verified++
	}
	return nil
}

func (c check) matches(m queries.Memory) (bool, error) {
	hash, err := c.scope.fingerprint(m)
	return hash == c.hash, err
}

// asImported looks for the imported version among the earlier versions of a memory. For an unchanged record the number
// of that version is not known, so each is compared.
func (r *run) asImported(ctx context.Context, c check, current queries.Memory) (bool, error) {
	unchanged := !c.scope.file
	if r.deps.Versions == nil || !unchanged && current.Version <= c.version {
		return false, nil
	}
	versions, err := r.deps.Versions(ctx, r.options.Request.Tenant, c.id)
	if err != nil {
		return false, fmt.Errorf("read versions of %s to verify: %w", c.id, err)
	}
	for _, v := range versions {
		if unchanged || v.Memory.Version == c.version {
			if same, err := c.matches(v.Memory); same || err != nil {
				return same, err
			}
		}
	}
	return false, nil
}

func (v *Verification) differ(c check, problem string) {
	if len(v.Differences) < maxDifferences {
		v.Differences = append(v.Differences, Difference{ID: c.id, File: c.file.Path, Problem: problem})
	}
}
