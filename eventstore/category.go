package eventstore

import (
	"crypto/sha256"

	"github.com/google/uuid"
)

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

// ReservedStream returns the id of a stream that AUREN itself writes, by its name. No client may open a stream under it.
func ReservedStream(name string) uuid.UUID {
	sum := sha256.Sum256([]byte(name))
	id := uuid.UUID(sum[:16])
	copy(id[:6], make([]byte, 6))
	id[6], id[8] = 0x80|id[6]&0x0f, 0x80|id[8]&0x3f // version 8, variant 10
	return id
}

// IsReserved reports whether an id can be that of a reserved stream: it begins with 00000000-0000-8.
func IsReserved(id uuid.UUID) bool { return [6]byte(id[:6]) == [6]byte{} && id.Version() == 8 }
