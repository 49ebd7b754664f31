package jsonimport

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

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
func (r *run) expect(i item, v Verdict, result commands.ImportResult) {
	if r.options.DryRun || r.deps.Current == nil || v == Kept {
		return
	}
	m := i.mapped
	s := scope{created: v == Added, file: v != Unchanged, confidence: v != Unchanged || !m.inherited}
	state := queries.StateActive
	if m.record.Forgotten {
		state = queries.StateForgotten
	}
	content, metadata := m.memory.Content, m.memory.Metadata
	hash := s.fingerprint(content, metadata, queries.Memory{
		ID: result.ID, AgentID: m.memory.AgentID, UserID: m.memory.UserID, Type: m.memory.Type, Confidence: m.memory.Confidence,
		ExpiresAt: m.memory.ExpiresAt, ValidFrom: m.memory.ValidFrom, ValidTo: m.memory.ValidTo, State: state, CreatedAt: m.record.OccurredAt,
	})
	r.checks = append(r.checks, check{id: result.ID, hash: hash, version: result.Version, file: i.file,
		size: len(content.Raw()) + len(metadata.Raw()), agent: r.agent(m.memory.AgentID), scope: s})
}

// fingerprint returns a hash of what is compared of a memory with this content and metadata.
func (s scope) fingerprint(content, metadata canonjson.Value, m queries.Memory) [sha256.Size]byte {
	if !s.file {
		content, metadata = withoutFile(content), withoutFile(metadata)
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
	return sha256.Sum256(o.Done().Raw())
}

// withoutFile removes where a record came from.
func withoutFile(value canonjson.Value) canonjson.Value {
	if !value.IsObject() || !bytes.Contains(value.Raw(), []byte(importedFrom)) {
		return value
	}
	o := canonjson.NewObject(nil)
	_ = value.Each(func(name string, member canonjson.Value) error { // it is an object
		if name != importedFrom {
			o.Value(name, member)
		}
		return nil
	})
	return o.Done()
}

// verify compares every record that was imported with what the projection holds. It reads a part while it compares the one before.
func (r *run) verify(ctx context.Context) error {
	if r.options.DryRun || r.deps.Current == nil {
		return nil
	}
	v := &Verification{Checked: len(r.checks)}
	r.report.Verification = v
	g, ctx := errgroup.WithContext(ctx)
	parts := make(chan part)
	g.Go(func() error {
		defer close(parts)
		for done := 0; done < len(r.checks); {
			p, err := r.readPart(ctx, nextPart(r.checks[done:]))
			if err != nil {
				return err
			}
			done += len(p.checks)
			select {
			case parts <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	g.Go(func() error {
		done := 0
		for p := range parts {
			if err := r.verifyPart(ctx, v, p); err != nil {
				return err
			}
			done += len(p.checks)
			r.report.Total.Verified = v.Verified + v.ChangedSince
			r.deps.Progress(Progress{Phase: PhaseVerify, Records: done, TotalRecords: len(r.checks)})
		}
		return nil
	})
	return g.Wait()
}

// part is a part of the checks, with the memories that the projection holds.
type part struct {
	checks []check
	held   map[uuid.UUID]queries.Memory
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

func (r *run) readPart(ctx context.Context, checks []check) (part, error) {
	ids := make([]uuid.UUID, len(checks))
	for i, c := range checks {
		ids[i] = c.id
	}
	held, err := r.deps.Current(ctx, r.options.Request.Tenant, r.report.SequenceID, ids)
	if err != nil {
		return part{}, fmt.Errorf("read %d memories to verify: %w", len(ids), err)
	}
	return part{checks, held}, nil
}

func (r *run) verifyPart(ctx context.Context, v *Verification, p part) error {
	for _, c := range p.checks {
		m, ok := p.held[c.id]
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
	content, err := canonjson.Adopt(m.Content)
	metadata, err2 := canonjson.Adopt(m.Metadata)
	if err = errors.Join(err, err2); err != nil {
		return false, fmt.Errorf("compare memory %s: %w", m.ID, err)
	}
	return c.scope.fingerprint(content, metadata, m) == c.hash, nil
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
