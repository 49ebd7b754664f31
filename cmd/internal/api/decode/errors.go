package decode

import (
	"errors"

	"github.com/auren-memory/auren/domain"
)

// Malformed says that a request cannot be read at all, rather than that something in it is not allowed.
func Malformed(err error) error { return &malformedError{err} }

// IsMalformed tells whether an error is one of Malformed.
func IsMalformed(err error) bool {
	_, ok := errors.AsType[*malformedError](err)
	return ok
}

type malformedError struct{ err error }

func (e *malformedError) Error() string { return e.err.Error() }
func (e *malformedError) Unwrap() error { return e.err }

// TooLarge says that a request takes more than limit bytes.
func TooLarge(limit int64) error {
	return &tooLargeError{domain.Invalidf("", "the request must take at most %d bytes", limit)}
}

// IsTooLarge tells whether an error is one of TooLarge.
func IsTooLarge(err error) bool {
	_, ok := errors.AsType[*tooLargeError](err)
	return ok
}

type tooLargeError struct{ error }

func (e *tooLargeError) Unwrap() error { return e.error }
