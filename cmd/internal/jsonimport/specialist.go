package jsonimport

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

const (
	typeConversation = "conversation"
	typeInsight      = "insight"
	typeHypothesis   = "hypothesis"
	typeFact         = "fact"
)

// specialistOwner sets the agent that a file of a specialist belongs to, and its user.
func (d *draft) specialistOwner() {
	agent := ""
	if d.in.level.given(fieldAgentID) {
		agent = d.mapper.owners.named(textOf(d.in.level[fieldAgentID]))
	} else if name := path.Base(d.in.path); !strings.EqualFold(strings.TrimSuffix(name, path.Ext(name)), specialistFile) {
		agent = d.mapper.owners.byName(d.in.path)
	}
	if agent == "" {
		agent = d.mapper.owners.byDirectory(d.in.rooted)
	}
	d.owner(agent)
}

// need returns the reason to reject a record that lacks a field, or has one of another type.
func (d *draft) need(name, expected string) error {
	value, ok := d.fields[name]
	if !ok {
		return fmt.Errorf("%s: required", name)
	}
	if expected != "" && kindOf(value) != expected {
		return fmt.Errorf("%s: must be %s, got %s", name, expected, kindOf(value))
	}
	return nil
}

// evolution maps one entry of evolution_history. Its confidence is the relationship_score of its file.
func (d *draft) evolution() error {
	for _, field := range [][2]string{{fieldTimestamp, ""}, {"interaction_type", "a string"}, {"learning", "a string"}, {"confidence_delta", ""}} {
		if err := d.need(field[0], field[1]); err != nil {
			return err
		}
	}
	at, err := d.moment(fieldTimestamp)
	if err != nil {
		return fmt.Errorf("timestamp: %w", err)
	}
	d.specialistOwner()
	r := &d.record
	r.OccurredAt = at.Time
	r.Key = d.mapper.key(canonjson.Text(r.Draft.AgentID), canonjson.Text(r.Draft.UserID), d.source)
	r.Draft.Type = typeInsight
	if textOf(d.fields["interaction_type"]) == "user_interaction" {
		r.Draft.Type = typeConversation
	}
	confidence := d.in.score()
	r.Draft.Confidence, d.inherited = &confidence, true
	d.content = d.fields.merged(fields{"relationship_impact": json.RawMessage("0"), importedFrom: quoted(d.in.path)})
	return nil
}

// score returns the relationship_score of the file for the records that inherit it. If it is invalid, the record of the
// score itself reports that.
func (o *origin) score() float64 {
	value, _, err := canonical(o.level[keyScore])
	if err != nil {
		return memory.DefaultConfidence
	}
	confidence, _ := (&draft{}).confidence(keyScore, value.Raw())
	return confidence
}

// hypothesis maps one entry of hypotheses.
func (d *draft) hypothesis() error {
	if err := d.need("statement", "a string"); err != nil {
		return err
	}
	d.specialistOwner()
	d.identify()
	if err := d.equalStatements(); err != nil {
		return err
	}
	d.record.Draft.Type = typeHypothesis
	d.takeConfidence(fieldConfidence)
	tested := d.fields["last_tested"]
	d.occurred("last_tested")
	if tested != nil {
		d.fields["last_tested"] = tested
	}
	d.content = d.fields.merged(fields{
		"evidence_for": json.RawMessage("[]"), "evidence_against": json.RawMessage("[]"), "test_count": json.RawMessage("0"), "last_tested": json.RawMessage("null"),
	})
	return nil
}

// equalStatements notes a hypothesis whose statement the file also has under other ids. With merge it leaves out those
// that were never tested; a tested one holds information of its own and stays.
func (d *draft) equalStatements() error {
	s := d.in.statements[statementKey(d.fields)]
	if s == nil || len(s.ids) < 2 {
		return nil
	}
	if d.mapper.merge && d.offset != s.best && !rankOf(d.fields).tested() {
		return &mergedError{fmt.Sprintf("the same statement as hypotheses[%d]", s.index)}
	}
	if d.offset != s.first {
		d.note(NoteDuplicateHypothesis, "statement", "the file has the same statement under %d ids", len(s.ids))
	}
	return nil
}

// score maps the relationship_score of a file to one memory, which is revised when the score changes.
func (d *draft) score() error {
	var number json.Number
	if err := json.Unmarshal([]byte(textOf(d.source.Raw())), &number); err != nil || d.source.IsNull() {
		return fmt.Errorf("must be a number from 0 to 1, got %s", kindOf(d.source.Raw()))
	}
	d.specialistOwner()
	r := &d.record
	score, _ := d.confidence(keyScore, d.source.Raw())
	certain := 1.0
	r.Key = d.mapper.key(canonjson.Text(r.Draft.AgentID), canonjson.Text(r.Draft.UserID), canonjson.Text(keyScore))
	r.OccurredAt = d.in.modified
	r.Draft.Type = typeFact
	r.Draft.Confidence = &certain
	d.content = canonjson.NewObject(nil).Text("kind", keyScore).Float("score", score).Done().Raw()
	return nil
}
