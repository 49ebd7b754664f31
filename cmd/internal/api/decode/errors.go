package decode

import (
	"errors"

	"github.com/auren-memory/auren/domain"
)

// The kinds of errors of a request that never reaches the domain.
const (
	// KindMalformed is a request that cannot be read at all, rather than that something in it is not allowed.
	KindMalformed domain.Kind = "malformed"
	// KindTooLarge is a request of too many bytes.
	KindTooLarge domain.Kind = "too_large"
)

// Malformed returns an error as one of KindMalformed.
func Malformed(err error) error {
	malformed := domain.Error{Message: err.Error()}
	if e, ok := errors.AsType[*domain.Error](err); ok {
		malformed = *e
	}
	malformed.Kind = KindMalformed
	return &malformed
}

// TooLarge says that a request takes more than limit bytes.
func TooLarge(limit int64) error {
	return domain.Errorf(KindTooLarge, "the request must take at most %d bytes", limit)
}
