package domain_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
)

func TestParseTenant(t *testing.T) {
	t.Parallel()
	tenant, err := domain.ParseTenant("")
	require.NoError(t, err)
	require.Equal(t, domain.DefaultTenant, tenant)
	for _, good := range []string{"a", "clinic-7", "0_x", strings.Repeat("a", 63)} {
		_, err := domain.ParseTenant(good)
		require.NoError(t, err, good)
	}
	for _, bad := range []string{"A", "-a", "a b", "a.b", "a>", "ä", strings.Repeat("a", 64), "a\x00"} {
		_, err := domain.ParseTenant(bad)
		require.Equal(t, domain.Invalid, domain.KindOf(err), bad)
	}
}

func TestMetaCheck(t *testing.T) {
	t.Parallel()
	m, err := domain.Meta{}.Check()
	require.NoError(t, err)
	require.Equal(t, "anonymous", m.Actor)
	for field, bad := range map[string]domain.Meta{
		"actor":          {Actor: strings.Repeat("ä", 256)},
		"command_id":     {CommandID: "two words"},
		"correlation_id": {CorrelationID: "\xff"},
		"causation_id":   {CausationID: strings.Repeat("x", 256)},
		"traceparent":    {Traceparent: strings.Repeat("x", 256)},
	} {
		_, err := bad.Check()
		require.Equal(t, domain.Invalid, domain.KindOf(err), field)
		require.Contains(t, err.Error(), field+": ")
	}
	for _, bad := range []string{" x", "x\t", "\u00a0x", "a\nb", "\x7f", "\u0085x"} {
		for field, m := range map[string]domain.Meta{
			"actor": {Actor: bad}, "principal": {Principal: bad}, "command_id": {CommandID: bad}, "correlation_id": {CorrelationID: bad},
			"causation_id": {CausationID: bad}, "traceparent": {Traceparent: bad},
		} {
			_, err := m.Check()
			require.ErrorContains(t, err, field+": must ", "%q", bad)
		}
	}
	_, err = domain.Meta{CommandID: strings.Repeat("~", 255), Actor: strings.Repeat("ä", 255)}.Check()
	require.NoError(t, err)
	_, err = domain.Meta{CommandID: strings.Repeat("~", 256)}.Check()
	require.ErrorContains(t, err, "must be 1 to 255 characters, got 256")
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, domain.NotFound, domain.KindOf(fmt.Errorf("show: %w", domain.Errorf(domain.NotFound, "no"))))
	require.Equal(t, domain.Conflict, domain.KindOf(fmt.Errorf("x: %w", &domain.VersionConflictError{})))
	require.Equal(t, domain.Internal, domain.KindOf(errors.New("disk")))
}

func TestWithFieldNamesTheWholePath(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"memories[3].confidence: x": domain.WithField("memories[3]", domain.Invalidf("confidence", "x")),
		"content[3]: x":             domain.WithField("content", domain.Invalidf("[3]", "x")),
		"content: x":                domain.WithField("content", domain.Invalidf("", "x")),
	} {
		require.EqualError(t, err, want)
	}
	require.NoError(t, domain.WithField("a", nil))
	other := errors.New("disk")
	require.Equal(t, other, domain.WithField("a", other))
}
