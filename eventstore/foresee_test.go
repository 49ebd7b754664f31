package eventstore_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
)

// What a writer remembers of its log is wrong as soon as somebody else appends, or a command expects what is not so.
func TestWhatIsForeseenWronglyIsFoundOut(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	one, other := eventstore.New(pool, eventstore.Config{}), eventstore.New(pool, eventstore.Config{})
	stream := uuid.New()
	appended := func(s *eventstore.Store, stream uuid.UUID, expected int) eventstore.WriteResult {
		t.Helper()
		result, err := s.Append(t.Context(), writes(stream, expected, `{}`))
		require.NoError(t, err)
		return result.Writes[0]
	}
	require.Equal(t, int64(1), appended(one, stream, eventstore.None).SequenceID)
	require.Equal(t, int64(2), appended(one, uuid.New(), eventstore.None).SequenceID, "foreseen")
	require.Equal(t, int64(3), appended(other, uuid.New(), eventstore.None).SequenceID)
	require.Equal(t, int64(4), appended(one, uuid.New(), eventstore.None).SequenceID, "the head had moved")

	// Nobody else appends any more, so all of these are foreseen once the rest after the other's event is over.
	for sequenceID := int64(5); sequenceID < 205; sequenceID++ {
		require.Equal(t, sequenceID, appended(one, uuid.New(), eventstore.None).SequenceID)
	}
	require.Equal(t, 2, appended(one, stream, 1).Version, "the version is as expected")
	for _, expected := range []int{eventstore.None, 1, 5} {
		conflict := appended(one, stream, expected).Conflict
		require.NotNil(t, conflict, "expected %d", expected)
		require.Equal(t, 2, conflict.Actual)
	}
	require.Equal(t, int64(206), appended(one, uuid.New(), eventstore.None).SequenceID)
	require.Len(t, requireChain(t, one), 206)
}
