package jsonimport

import "errors"

const typeKnowledge = "knowledge"

// knowledge maps one entry of a knowledge_base.json, whose agent and user come from the flags.
func (d *draft) knowledge() error {
	if !d.fields.given("title") && !d.fields.given("content") {
		return errors.New("content: content or title is required")
	}
	agent := d.mapper.owners.agent
	if agent == "" {
		agent = d.mapper.owners.named(keyKnowledge)
	}
	d.owner(agent)
	d.identify(nil)
	d.record.Draft.Type = typeKnowledge
	d.takeConfidence("confidence_score")
	if !d.occurred("last_updated") {
		d.note(NoteTimeMissing, "last_updated", "no time; the file's was used")
	}
	d.content = d.fields.merged(nil)
	return nil
}
