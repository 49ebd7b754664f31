package rebuild

import "time"

// PingingEvery returns the Config of a rebuild that notices sooner than others that it lost the lock.
func (c Config) PingingEvery(every time.Duration) Config {
	c.pingEvery = every
	return c
}

// Trying returns the Config of a rebuild with a number of attempts to lock the tables, and a pause between them.
func (c Config) Trying(attempts int, pause time.Duration) Config {
	c.attempts, c.pause = attempts, pause
	return c
}

// Suspended returns the Config of a rebuild that does not ping, so that the server releases the lock after the given time.
func (c Config) Suspended(freed time.Duration) Config {
	c.pingEvery, c.maxIdle = 24*time.Hour, freed
	return c
}

// Retrying returns the Config of an Upgrade with a pause after a failed rebuild.
func (c Config) Retrying(pause time.Duration) Config {
	c.retry = pause
	return c
}
