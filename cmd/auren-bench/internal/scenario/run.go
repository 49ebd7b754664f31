package scenario

import (
	"context"
	"path/filepath"
	"time"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
)

// scenario is one thing to measure, in a world of its own.
type scenario struct {
	name string
	// measurements is how many a round has: of each case each side.
	measurements int
	run          func(ctx context.Context, b *run) error
}

// run is one Run under way.
type run struct {
	*measure.Session
	*world.World
}

// inWorld runs a scenario in an empty schema and leaves an empty one behind.
func (b *run) inWorld(ctx context.Context, s scenario) (err error) {
	b.Say("preparing")
	if b.World, err = world.Open(ctx, world.Config{DSN: b.DSN, Dir: filepath.Join(b.Dir, s.name), Log: b.Log, Say: b.Say}); err != nil {
		return err
	}
	defer func() {
		// Also where ctx has ended: the database is not ours to leave full.
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if closeErr := b.Close(closing); err == nil {
			err = closeErr
		}
	}()
	return s.run(ctx, b)
}
