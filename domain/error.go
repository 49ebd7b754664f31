package domain

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is what an error means to the caller; each transport maps kinds in one table.
type Kind string

// The kinds of error that AUREN distinguishes.
const (
	// Invalid is input that can never succeed as it stands.
	Invalid Kind = "invalid"
	// NotFound is a memory, stream or route that does not exist in the tenant.
	NotFound Kind = "not_found"
	// Conflict is a request that does not fit the present state or version.
	Conflict Kind = "conflict"
	// Reused is a command id that was used before with another body.
	Reused Kind = "command_id_reused"
	// Forbidden is a request that the caller may not make.
	Forbidden Kind = "forbidden"
	// Unavailable is a request that may succeed later: a dependency is down or behind.
	Unavailable Kind = "unavailable"
	// Internal is everything else; its text is for the log, not for the caller.
	Internal Kind = "internal"
)

// Error is an error whose message may be shown to the caller.
type Error struct {
	// Kind is what the error means.
	Kind Kind
	// Field names the offending input in the caller's words, as in "memories[3].confidence"; default none.
	Field string
	// Message says what must hold, in lower case and without the field's name, as in "must be 1 to 100 characters, got 0".
	Message string
}

// Error returns "field: message", or the message alone.
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

// Invalidf makes an error of kind Invalid about a field.
func Invalidf(field, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Field: short(field), Message: fmt.Sprintf(format, args...)}
}

// Errorf makes an error of any kind that names no field.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// VersionConflictError means that a stream was not at the version that an append or a command expected.
type VersionConflictError struct {
	// Stream is the memory's id, as text.
	Stream string `json:"stream_id"`
	// Expected is the version that the caller expected; 0 means that the stream was not expected to exist.
	Expected int `json:"expected_version"`
	// Actual is the version of the stream; 0 means that it does not exist.
	Actual int `json:"actual_version"`
}

// Error names the stream and both versions.
func (e *VersionConflictError) Error() string {
	if e.Expected == 0 {
		return fmt.Sprintf("memory %s exists already, at version %d", e.Stream, e.Actual)
	}
	return fmt.Sprintf("memory %s is at version %d, expected %d", e.Stream, e.Actual, e.Expected)
}

// KindOf returns the kind of err: that of the first Error in its chain, Conflict for a
// VersionConflictError, Internal for anything else.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if _, ok := errors.AsType[*VersionConflictError](err); ok {
		return Conflict
	}
	return Internal
}

// maxField is how many bytes of the place of a field an Error names: nobody reads the rest of a path of 500 keys.
const maxField = 200

func short(field string) string {
	if len(field) <= maxField {
		return field
	}
	return strings.ToValidUTF8(field[:maxField], "") + "…"
}

// WithField prefixes the field of an Error of kind Invalid in err's chain, as in "memories[3]" + "confidence"; any other
// error is returned unchanged. Of a very long place the beginning is left.
func WithField(prefix string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != Invalid {
		return err
	}
	moved := *e
	switch {
	case e.Field == "":
		moved.Field = prefix
	case e.Field[0] == '[':
		moved.Field = prefix + e.Field
	default:
		moved.Field = prefix + "." + e.Field
	}
	moved.Field = short(moved.Field)
	return &moved
}
