package eventstore

import "slices"

// Filter narrows what is read from a log; what is empty does not narrow, except for Categories.
type Filter struct {
	// Categories to read; default CategoryMemory. AllCategories among them stands for every one.
	Categories    []string
	EventTypes    []string
	AgentID       string
	UserID        string
	CorrelationID string
	// Until is the last sequence_id to read; 0 means up to the head.
	Until int64
}

// categories is nil for all of them.
func (f *Filter) categories() []string {
	switch {
	case len(f.Categories) == 0:
		return []string{CategoryMemory}
	case slices.Contains(f.Categories, AllCategories):
		return nil
	default:
		return f.Categories
	}
}
