// Package faults_test breaks the real processes on purpose, under load, and then requires that nothing acknowledged was
// lost, nothing happened twice and nothing out of order: kill -9 at every numbered failpoint of server, projector and PostgreSQL,
// processes that are suspended and wake up late, connections that are cut in the middle of a commit, JetStream killed,
// purged and rolled back, a database restored from a backup. With AUREN_SOAK=10m it does all of that at random.
//
//	world    PostgreSQL, NATS and the processes of one test
//	load     clients that send commands under idempotency keys until each has its answer
//	check    what must hold once all is quiet
package faults_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

// The environment variables that turn this test binary into a NATS server, until it is killed.
const (
	natsDir  = "AUREN_FAULTS_NATS_DIR"
	natsAddr = "AUREN_FAULTS_NATS_ADDR"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(natsDir); dir != "" {
		if _, err := standalone.StartNATS(standalone.NATSConfig{DataDir: dir, Addr: os.Getenv(natsAddr)}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("ready")
		select {}
	}
	// Most of these tests' time is spent waiting for leases and restarts, not working.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	pgtest.Main(m)
}
