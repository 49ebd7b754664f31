package memory_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

var (
	id      = uuid.MustParse("01920000-0000-7000-8000-000000000001")
	morning = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	evening = time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)
)

func remembered() memory.Remembered {
	return memory.Remembered{Fields: memory.Fields{
		AgentID: "coach", UserID: "ana", Type: "fact", Content: canonjson.MustParse(`{"likes":"tea"}`), Confidence: 0.5,
		Metadata: canonjson.MustParse(`{}`),
	}}
}

func given(events ...memory.Event) *memory.Memory {
	m := &memory.Memory{}
	for _, e := range events {
		m.Apply(id, e, morning)
	}
	return m
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	// decides and refuses check one decision; a nil event records nothing.
	decides := func(name string, want memory.Event) func(memory.Event, error) {
		return func(event memory.Event, err error) {
			require.NoError(t, err, name)
			require.Equal(t, want, event, name)
		}
	}
	refuses := func(name string, kind domain.Kind, text string) func(memory.Event, error) {
		return func(event memory.Event, err error) {
			require.ErrorContains(t, err, text, name)
			require.Equal(t, kind, domain.KindOf(err), name)
			require.Nil(t, event, name)
		}
	}
	until := remembered()
	until.ExpiresAt = &noon
	none, active, expiring := given(), given(remembered()), given(until)
	forgotten, forgottenExpiring := given(remembered(), memory.Forgotten{}), given(until, memory.Forgotten{})
	content := func(raw string) memory.Revision { return memory.Revision{Content: canonjson.MustParse(raw)} }

	revision := content(`{ "likes": "coffee" }`)
	revision.Type = new("habit")
	decides("revise", memory.Revised{
		Type: "habit", Content: canonjson.MustParse(`{"likes":"coffee"}`), Metadata: canonjson.MustParse(`{}`), Changed: []string{"memory_type", "content"},
	})(active.Revise(revision, noon))
	same := content(`{"likes" : "te\u0061"}`)
	same.Metadata = canonjson.MustParse(`{}`)
	decides("revise without a change", nil)(active.Revise(same, noon))
	refuses("revise metadata to an array", domain.Invalid, "metadata: must be a JSON object")(active.Revise(memory.Revision{Metadata: canonjson.MustParse(`[1]`)}, noon))
	refuses("revise a forgotten memory", domain.Conflict, "is forgotten; restore it first")(forgotten.Revise(content(`1`), noon))
	refuses("revise at the instant of expiry", domain.Conflict, "is expired; restore it first")(expiring.Revise(content(`1`), noon))

	lasting := remembered()
	lasting.ValidFrom, lasting.ValidTo = &morning, &evening
	valid := given(lasting)
	validity := func(from, to domain.NullableTime) memory.Revision {
		return memory.Revision{ValidFrom: from, ValidTo: to}
	}
	kept, open := domain.NullableTime{}, domain.SetTime(nil)
	revised := func(from, to *time.Time, changed ...string) memory.Revised {
		return memory.Revised{Type: "fact", Content: lasting.Content, Metadata: lasting.Metadata, ValidFrom: from, ValidTo: to, Changed: changed}
	}
	decides("revise when it is so", revised(&noon, &evening, "valid_from"))(valid.Revise(validity(domain.SetTime(new(noon.Add(1).Local())), kept), noon))
	decides("revise until when it is so", revised(nil, &noon, "valid_to"))(active.Revise(validity(kept, domain.SetTime(&noon)), noon))
	decides("revise it to be so for good", revised(nil, nil, "valid_from", "valid_to"))(valid.Revise(validity(open, open), noon))
	decides("revise it to be so as before", nil)(valid.Revise(validity(domain.SetTime(&morning), kept), noon))
	decides("revise something else", memory.Revised{Type: "fact", Content: canonjson.MustParse(`1`), Metadata: lasting.Metadata, ValidFrom: &morning, ValidTo: &evening, Changed: []string{"content"}})(valid.Revise(content(`1`), noon))
	refuses("revise it to be so for no time", domain.Invalid, "valid_to: must be after valid_from, which is 2026-03-01T18:00:00Z, got 2026-03-01T18:00:00Z")(
		valid.Revise(validity(domain.SetTime(&evening), kept), noon))

	decides("adjust confidence", memory.ConfidenceAdjusted{From: 0.5, To: 0.9})(active.AdjustConfidence(0.9, noon))
	decides("adjust confidence to the same value", nil)(active.AdjustConfidence(0.5, noon))
	refuses("adjust confidence to NaN", domain.Invalid, "confidence: must be between 0 and 1, got NaN")(active.AdjustConfidence(math.NaN(), noon))

	decides("supporting evidence", memory.EvidenceRecorded{Supports: true, Weight: 0.1, Note: "said so again", From: 0.5, To: 0.55})(
		active.RecordEvidence(memory.Evidence{Supports: true, Note: "said so again"}, noon))
	decides("contradicting evidence", memory.EvidenceRecorded{Weight: 0.4, From: 0.5, To: 0.3})(active.RecordEvidence(memory.Evidence{Weight: new(0.4)}, noon))
	decides("evidence without weight", memory.EvidenceRecorded{Supports: true, From: 0.5, To: 0.5})(
		active.RecordEvidence(memory.Evidence{Supports: true, Weight: new(0.0)}, noon))

	decides("set expiry", memory.ExpirySet{ExpiresAt: &evening})(active.SetExpiry(&evening, noon))
	decides("set the same expiry", nil)(expiring.SetExpiry(&noon, morning))
	decides("expire at the instant", memory.Expired{ExpiresAt: noon})(expiring.Expire(noon))
	decides("expire too early", nil)(expiring.Expire(noon.Add(-1)))

	decides("forget", memory.Forgotten{})(active.Forget(noon))
	decides("forget twice", nil)(forgotten.Forget(noon))
	refuses("forget an expired memory", domain.Conflict, "is expired; restore it first")(expiring.Forget(noon))
	refuses("forget a memory that does not exist", domain.NotFound, "no such memory")(none.Forget(noon))

	decides("restore a forgotten memory", memory.Restored{})(forgotten.Restore(noon))
	decides("restore an active memory", nil)(active.Restore(noon))
	decides("restore keeps a future expiry", memory.Restored{ExpiresAt: &noon})(forgottenExpiring.Restore(morning))
	decides("restore drops a past expiry", memory.Restored{})(expiring.Restore(noon))
}

func TestRememberChecksEveryField(t *testing.T) {
	t.Parallel()
	good := memory.Draft{AgentID: strings.Repeat("ä", 100), UserID: strings.Repeat("ü", 255), Content: canonjson.MustParse(`null`)}
	good.ValidFrom, good.ValidTo = new(noon.Add(-time.Microsecond)), &noon
	event, err := memory.Remember(good)
	require.NoError(t, err)
	require.Equal(t, memory.Remembered{Fields: memory.Fields{
		AgentID: good.AgentID, UserID: good.UserID, Type: "observation", Content: good.Content, Confidence: 0.5, Metadata: canonjson.MustParse(`{}`),
		ValidFrom: good.ValidFrom, ValidTo: good.ValidTo,
	}}, event)

	for field, spoil := range map[string]func(d *memory.Draft){
		"agent_id":    func(d *memory.Draft) { d.AgentID = strings.Repeat("ä", 101) },
		"user_id":     func(d *memory.Draft) { d.UserID = " " },
		"memory_type": func(d *memory.Draft) { d.Type = strings.Repeat("x", 51) },
		"content":     func(d *memory.Draft) { d.Content = canonjson.Value{} },
		"confidence":  func(d *memory.Draft) { d.Confidence = new(1.0000001) },
		"metadata":    func(d *memory.Draft) { d.Metadata = canonjson.MustParse(`"x"`) },
		"expires_at":  func(d *memory.Draft) { d.ExpiresAt = new(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) },
		"valid_from":  func(d *memory.Draft) { d.ValidFrom = new(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)) },
		"valid_to":    func(d *memory.Draft) { d.ValidFrom = new(noon.Add(time.Nanosecond)) }, // as stored, the same time
	} {
		draft := good
		spoil(&draft)
		_, err := memory.Remember(draft)
		require.Equal(t, domain.Invalid, domain.KindOf(err), field)
		require.ErrorContains(t, err, field+": ")
	}
}

func TestATypeHasNoWhiteSpaceAroundIt(t *testing.T) {
	t.Parallel()
	d := memory.Draft{AgentID: "a", UserID: "u", Type: " Fact\n", Content: canonjson.MustParse(`1`)}
	event, err := memory.Remember(d)
	require.NoError(t, err)
	require.Equal(t, "Fact", event.Type)
	d.Type = " \t"
	_, err = memory.Remember(d)
	require.EqualError(t, err, "memory_type: must not be blank")
}

func TestContentBound(t *testing.T) {
	t.Parallel()
	d := memory.Draft{AgentID: "a", UserID: "u", Content: canonjson.MustParse(`"` + strings.Repeat("x", memory.MaxContentBytes-2) + `"`)}
	_, err := memory.Remember(d)
	require.NoError(t, err)
	d.Content = canonjson.MustParse(`"` + strings.Repeat("x", memory.MaxContentBytes-1) + `"`)
	_, err = memory.Remember(d)
	require.EqualError(t, err, "content: must be at most 1048576 bytes, got 1048577")
}

func TestFold(t *testing.T) {
	t.Parallel()
	m := &memory.Memory{}
	for i, e := range []memory.Event{
		remembered(),
		memory.Revised{Type: "habit", Content: canonjson.MustParse(`2`), Metadata: canonjson.MustParse(`{"a":1}`), ValidFrom: &morning, ValidTo: &noon},
		memory.ConfidenceAdjusted{From: 0.5, To: 0.7},
		memory.EvidenceRecorded{Supports: true, Weight: 0.1, From: 0.7, To: 0.73},
		memory.ExpirySet{ExpiresAt: new(noon)},
		memory.Expired{ExpiresAt: noon},
		memory.Restored{},
		memory.Forgotten{},
	} {
		m.Apply(id, e, morning.Add(time.Duration(i)*time.Minute))
	}
	require.Equal(t, memory.Snapshot{
		ID: id, Fields: memory.Fields{
			AgentID: "coach", UserID: "ana", Type: "habit", Content: canonjson.MustParse(`2`), Confidence: 0.73,
			Metadata: canonjson.MustParse(`{"a":1}`), ValidFrom: &morning, ValidTo: &noon,
		}, State: memory.StateForgotten, CreatedAt: morning, UpdatedAt: morning.Add(7 * time.Minute), Version: 8,
	}, m.Snapshot())
	require.Equal(t, m.Snapshot(), memory.FromSnapshot(m.Snapshot()).Snapshot())
}
