package measure

import "time"

// Report is what was measured, and on what.
type Report struct {
	Machine Machine `json:"machine"`
	// LoadBefore and LoadAfter are the load averages of one minute: what else went on.
	LoadBefore float64   `json:"load_before"`
	LoadAfter  float64   `json:"load_after"`
	StartedAt  time.Time `json:"started_at"`
	// TookSeconds is how long everything took.
	TookSeconds float64 `json:"took_seconds"`
	Rounds      int     `json:"rounds"`
	Events      int     `json:"events"`
	// DurationMS is Config.Duration in milliseconds.
	DurationMS int64    `json:"duration_ms"`
	Results    []Result `json:"results"`
}
