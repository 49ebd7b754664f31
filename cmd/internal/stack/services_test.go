package stack

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
)

func TestProjectionStatusIsUnavailableWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), "postgres://nobody:s3cret@127.0.0.1:1/x")
	require.NoError(t, err)
	defer pool.Close()
	_, err = (&Services{Client: &Client{Pool: pool}}).projections(t.Context())
	require.Equal(t, domain.Unavailable, domain.KindOf(err))
}
