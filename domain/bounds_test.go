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
