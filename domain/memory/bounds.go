package memory

import (
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// The bounds of a memory's fields, in characters unless they say bytes.
const (
	MaxAgentID       = 100
	MaxUserID        = 255
	MaxType          = 50
	MaxContentBytes  = 1 << 20
	MaxMetadataBytes = 64 << 10
	MaxNote          = 2000
)

func checkContent(content canonjson.Value) error {
	if content.IsZero() {
		return domain.Invalidf("content", "must be a JSON value")
	}
	return domain.WithField("content", content.CheckSize(MaxContentBytes))
}

// checkMetadata returns {} for no metadata.
func checkMetadata(metadata canonjson.Value) (canonjson.Value, error) {
	if metadata.IsZero() {
		return canonjson.EmptyObject(), nil
	}
	if !metadata.IsObject() {
		return canonjson.Value{}, domain.Invalidf("metadata", "must be a JSON object, e.g. {\"topic\": \"sleep\"}")
	}
	return metadata, domain.WithField("metadata", metadata.CheckSize(MaxMetadataBytes))
}

// checkTime returns the time as it will be stored: in UTC, to the microsecond.
func checkTime(field string, t time.Time) (time.Time, error) {
	t = t.UTC().Truncate(time.Microsecond)
	return t, domain.CheckTime(field, t)
}

func checkExpiry(expiresAt *time.Time) (*time.Time, error) {
	if expiresAt == nil {
		return nil, nil
	}
	t, err := checkTime("expires_at", *expiresAt)
	if err != nil {
		return nil, err
	}
	return &t, nil
}
