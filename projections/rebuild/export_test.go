package rebuild

import "time"

// KeepingEvery returns the Config of a rebuild that finds out sooner than others that it lost the lock.
func (c Config) KeepingEvery(every time.Duration) Config {
	c.keepEvery = every
	return c
}

// Trying returns the Config of a rebuild that tries to lock the tables as often, with such pauses.
func (c Config) Trying(attempts int, pause time.Duration) Config {
	c.attempts, c.pause = attempts, pause
	return c
}

// Suspended returns the Config of a rebuild that does not keep the lock, which the server frees after the given time.
func (c Config) Suspended(freed time.Duration) Config {
	c.keepEvery, c.longestIdle = 24*time.Hour, freed
	return c
}
