package domain_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
)

func TestBounds(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"": domain.CheckText("note", "", 3),
		"note: must be at most 3 characters, got 4":     domain.CheckText("note", "äöüß", 3),
		"note: must be valid UTF-8":                     domain.CheckText("note", "\xff", 3),
		"note: must not contain a NUL character":        domain.CheckText("note", "a\x00", 3),
		"id: must be 1 to 3 characters, got 0":          domain.CheckName("id", "", 3),
		"id: must be 1 to 3 characters, got 4":          domain.CheckName("id", "abcd", 3),
		"id: must not be blank":                         domain.CheckName("id", " \t", 3),
		"c: must be between 0 and 1, got 1.5":           domain.CheckUnit("c", 1.5),
		"c: must be between 0 and 1, got NaN":           domain.CheckUnit("c", math.NaN()),
		"at: must be in the years 1 to 9999, got 10000": domain.CheckTime("at", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)),
	} {
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.EqualError(t, err, want)
		require.Equal(t, domain.Invalid, domain.KindOf(err))
	}
	require.NoError(t, domain.CheckName("id", strings.Repeat("ä", 3), 3))
	require.NoError(t, domain.CheckUnit("c", 1))
}

func TestTimesAreThoseOfRFC3339(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-01T23:59:59.123456789+14:00"} {
		_, err := domain.ParseTime(text)
		require.NoError(t, err, text)
	}
	for _, text := range []string{"", "2026-01-01", "2026-01-01T00:00:00,5Z", "2026-01-01T1:00:00Z", "2026-01-01 00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z"} {
		_, err := domain.ParseTime(text)
		require.Error(t, err, text)
	}
}

func TestTheNameOfAFieldIsBounded(t *testing.T) {
	t.Parallel()
	var err error = domain.Invalidf(strings.Repeat("ä", 1<<20), "must not be")
	for range 1000 {
		err = domain.WithField("[0]", err)
	}
	err = domain.WithField("content", err)
	require.Less(t, len(err.Error()), 250)
	require.Regexp(t, `^content\[0\]\[0\].*…: must not be$`, err.Error())
}
