package rebuild

import "time"

// KeepingEvery returns the Config of a rebuild that finds out sooner than others that it lost the lock.
func (c Config) KeepingEvery(every time.Duration) Config {
	c.keepEvery = every
	return c
}
