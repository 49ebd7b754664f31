package jsonimport

import (
	"os"
	"testing"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(victimDSN); dsn != "" {
		importUntilKilled(dsn)
	}
	pgtest.Main(m)
}
