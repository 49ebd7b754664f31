package domain

import (
	"encoding/json"
	"time"
)

// NullableTime is a time in a change: the zero value leaves it as it is, one with a nil Time clears it.
type NullableTime struct {
	Given bool
	Time  *time.Time
}

// SetTime changes a time; nil clears it.
func SetTime(t *time.Time) NullableTime { return NullableTime{true, t} }

// IsZero tells whether nothing is said; omitzero then leaves it out.
func (n NullableTime) IsZero() bool { return !n.Given }

// MarshalJSON writes the time, or null.
func (n NullableTime) MarshalJSON() ([]byte, error) { return json.Marshal(n.Time) }

// UnmarshalJSON reads a time, or null.
func (n *NullableTime) UnmarshalJSON(raw []byte) error {
	n.Given = true
	return json.Unmarshal(raw, &n.Time)
}
