package eventstore

// The categories of events. Readers name those that they want, so that a new one disturbs none of them.
const (
	// CategoryMemory is that of the events of memories.
	CategoryMemory = "memory"
	// CategoryProjection is that of the events that operate projections.
	CategoryProjection = "projection"
	// AllCategories in a Filter stands for every category.
	AllCategories = "*"
)

// Categories returns the categories of events that AUREN writes. The slice is the caller's.
func Categories() []string { return []string{CategoryMemory, CategoryProjection} }
