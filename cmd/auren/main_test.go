package main

import (
	"os"
	"testing"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

// asBinary is the variable that turns the test binary into auren itself, with the race detector in it.
const asBinary = "AUREN_TEST_AS_BINARY"

func TestMain(m *testing.M) {
	if os.Getenv(asBinary) != "" {
		main()
		return
	}
	pgtest.Main(m)
}
