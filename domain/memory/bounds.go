package memory

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// The bounds of a memory's fields; lengths in characters unless they say bytes.
const (
	MaxAgentID       = 100
	MaxUserID        = 255
	MaxType          = 50
	MaxContentBytes  = 1 << 20
	MaxMetadataBytes = 64 << 10
	MaxNote          = 2000
)

func checkName(field, value string, limit int) error {
	if strings.TrimSpace(value) == "" {
		return domain.Invalidf(field, "is empty; 1 to %d characters are allowed", limit)
	}
	return domain.CheckText(field, value, limit)
}

func checkContent(content json.RawMessage) (json.RawMessage, error) {
	if len(content) == 0 {
		return nil, domain.Invalidf("content", "is missing; any JSON value is allowed")
	}
	value, err := canonjson.Parse(content)
	if err == nil {
		err = value.CheckSize(MaxContentBytes)
	}
	return value.Raw(), domain.Within("content", err)
}

// checkMetadata returns the canonical object; none means {}.
func checkMetadata(metadata json.RawMessage) (json.RawMessage, error) {
	if len(metadata) == 0 {
		return json.RawMessage("{}"), nil
	}
	value, err := canonjson.Parse(metadata)
	if err == nil {
		err = value.CheckSize(MaxMetadataBytes)
	}
	if err != nil {
		return nil, domain.Within("metadata", err)
	}
	if !value.IsObject() {
		return nil, domain.Invalidf("metadata", "is no JSON object; an object such as {\"topic\": \"sleep\"} is allowed")
	}
	return value.Raw(), nil
}

func checkUnit(field string, value float64) error {
	if math.IsNaN(value) || value < 0 || value > 1 {
		return domain.Invalidf(field, "is %v; a number from 0 to 1 is allowed", value)
	}
	return nil
}

// checkTime returns the time as it will be stored: in UTC, to the microsecond.
func checkTime(field string, t time.Time) (time.Time, error) {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, domain.Invalidf(field, "is in the year %d; years 1 to 9999 are allowed", t.Year())
	}
	return t, nil
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
