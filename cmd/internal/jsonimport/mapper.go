package jsonimport

import (
	"errors"
	"fmt"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// record maps one record. Its error, with which the notes are still returned, says why no memory is made: a
// *mergedError if another record represents it; any other error rejects the record.
func (m mapper) record(in *origin, e element) (mapped, error) {
	d := draft{mapper: m, in: in, element: e, fields: fields{}}
	err := d.read()
	if err == nil {
		err = d.fill()
	}
	if err == nil {
		err = d.finish()
	}
	return d.mapped, err
}

// read checks that there is a record and brings it into canonical form.
func (d *draft) read() error {
	switch {
	case d.kind == kindStray:
		return errors.New("follows the end of the file's root value")
	case d.open:
		return errors.New("the file ends, or nests too deep, before the record ends")
	case d.length > int64(len(d.raw)):
		return fmt.Errorf("must be at most %d bytes, got %d", MaxRecordBytes, d.length)
	}
	var err error
	if d.source, d.notes, err = canonical(d.raw); err != nil {
		return err
	}
	if d.kind == kindScore {
		return nil
	}
	if !d.source.IsObject() {
		return fmt.Errorf("must be an object, got %s", kindOf(d.source.Raw()))
	}
	d.fields = fieldsOf(d.source)
	return nil
}

func (d *draft) fill() error {
	switch d.kind {
	case kindEvolution:
		return d.evolution()
	case kindHypothesis:
		return d.hypothesis()
	case kindScore:
		return d.score()
	case kindKnowledge:
		return d.knowledge()
	default:
		return d.flat()
	}
}

// finish adds where the record came from and validates the memory with the domain.
func (d *draft) finish() error {
	r := &d.record
	from := fields{"file": quoted(d.in.path)}
	if d.section != "" {
		from["section"] = quoted(d.section)
	}
	if len(d.left) > 0 {
		from["fields"] = d.left.object()
	}
	var err error
	if r.Draft.Content, err = canonjson.Adopt(d.content); err != nil {
		return domain.WithField("content", err)
	}
	if r.Draft.Metadata, err = canonjson.Adopt(d.metadata.merged(fields{importedFrom: from.object()})); err != nil {
		return domain.WithField("metadata", err)
	}
	if strings.TrimSpace(r.Draft.UserID) == "" {
		return errors.New("user_id: required; give one with --user or --user-map")
	}
	event, err := memory.Remember(r.Draft)
	if err != nil {
		return err
	}
	if r.OccurredAt, err = memory.OccurredAt(r.OccurredAt); err != nil {
		return err
	}
	d.memory = event
	r.Draft.ExpiresAt, r.Draft.ValidFrom, r.Draft.ValidTo = d.memory.ExpiresAt, d.memory.ValidFrom, d.memory.ValidTo
	r.Digest = d.mapper.digest(d.kind, r.Draft.AgentID, r.Draft.UserID, d.source)
	return nil
}
