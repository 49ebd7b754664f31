package api_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/domain"
)

// The titles are the reason phrases of RFC 9110, but for a command id, which has a kind of problem of its own.
func TestProblemOfEachKind(t *testing.T) {
	t.Parallel()
	invalid := domain.Invalidf("a", "must be b")
	conflict := &domain.VersionConflictError{Stream: "s", Expected: 1, Actual: 2}
	for want, err := range map[string]error{
		"400 malformed Bad Request":               decode.Malformed(invalid),
		"413 too-large Content Too Large":         decode.TooLarge(7),
		"422 invalid Unprocessable Content":       invalid,
		"404 not-found Not Found":                 domain.Errorf(domain.NotFound, "x"),
		"409 conflict Conflict":                   fmt.Errorf("wrapped: %w", conflict),
		"422 command-id-reused Command id reused": domain.Errorf(domain.Reused, "x"),
		"403 forbidden Forbidden":                 domain.Errorf(domain.Forbidden, "x"),
		"503 unavailable Service Unavailable":     context.DeadlineExceeded,
		"500 internal Internal Server Error":      errors.New("secret"),
	} {
		p := api.ProblemOf(err)
		require.Equal(t, want, fmt.Sprint(p.Status, " ", p.Type[len(api.ProblemType("")):], " ", p.Title))
		require.NotContains(t, p.Detail, "secret")
		again := api.ProblemOf(api.ErrorOf(p, "s"))
		require.Equal(t, p, again, "a client shows what it was told")
	}
}
