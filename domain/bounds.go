package domain

import (
	"errors"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// CheckText returns an error if a text has more than limit characters, or if PostgreSQL cannot store it: if it is not UTF-8
// or contains a NUL.
func CheckText(field, text string, limit int) error {
	if err := checkStorable(field, text); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return Invalidf(field, "must be at most %d characters, got %d", limit, n)
	}
	return nil
}

// CheckName is CheckText for a text that must not be blank.
func CheckName(field, text string, limit int) error {
	if err := checkStorable(field, text); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(text); n == 0 || n > limit {
		return Invalidf(field, "must be 1 to %d characters, got %d", limit, n)
	}
	if strings.TrimSpace(text) == "" {
		return Invalidf(field, "must not be blank")
	}
	return nil
}

func checkStorable(field, text string) error {
	if !utf8.ValidString(text) {
		return Invalidf(field, "must be valid UTF-8")
	}
	if strings.IndexByte(text, 0) >= 0 {
		return Invalidf(field, "must not contain a NUL character")
	}
	return nil
}

// CheckUnit returns an error if a number is not between 0 and 1.
func CheckUnit(field string, value float64) error {
	if math.IsNaN(value) || value < 0 || value > 1 {
		return Invalidf(field, "must be between 0 and 1, got %v", value)
	}
	return nil
}

// ParseTime reads a time of RFC 3339. Unlike time.Parse it takes neither a decimal comma nor an hour of one digit.
func ParseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err == nil && (strings.Contains(text, ",") || text[len("2006-01-02T15")] != ':') {
		err = errNotRFC3339
	}
	return t, err
}

var errNotRFC3339 = errors.New("must be an RFC 3339 time, e.g. 2026-01-31T15:04:05Z")

// CheckTime returns an error if RFC 3339 cannot write a time, or PostgreSQL cannot store it.
func CheckTime(field string, t time.Time) error {
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return Invalidf(field, "must be in the years 1 to 9999, got %d", year)
	}
	return nil
}
