package eventstore

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"
)

// LogChannel is the PostgreSQL channel that each append notifies, with the payload "<tenant> <sequence_id>".
const LogChannel = "auren_log"

// Watcher wakes whoever waits for news on one PostgreSQL notification channel. Notifications get lost with the
// connection that carries them, so they are a hint: whoever waits must look by itself from time to time too.
// It is safe for concurrent use.
type Watcher struct {
	pool    *pgxpool.Pool
	channel string
	log     *zap.Logger

	// others watch other channels on the connection of this one.
	others []*Watcher

	mu   sync.Mutex
	subs map[*subscription]struct{}
}

type subscription struct {
	key  string
	wake chan struct{}
}

// NewWatcher makes a watcher of a channel, whose name must be a plain SQL identifier. It wakes nobody before Run.
func NewWatcher(pool *pgxpool.Pool, channel string, log *zap.Logger) *Watcher {
	return &Watcher{pool: pool, channel: channel, log: log, subs: map[*subscription]struct{}{}}
}

// OnChannel makes a watcher of another channel on the connection of this one, whose Run serves both; call it before Run.
// PostgreSQL wakes every connection that listens, whatever the channel: a second one would make each append more expensive.
func (w *Watcher) OnChannel(channel string) *Watcher {
	other := NewWatcher(w.pool, channel, w.log)
	w.others = append(w.others, other)
	return other
}

// Subscribe returns a channel of size 1 that receives when a notification with the key comes: the payload up to
// its first space, "" for all. Notifications that come faster than they are received become one. Every
// subscriber is also woken by a new connection, since notifications before it are lost. Cancel ends the subscription.
func (w *Watcher) Subscribe(key string) (wake <-chan struct{}, cancel func()) {
	s := &subscription{key: key, wake: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.subs[s] = struct{}{}
	return s.wake, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.subs, s)
	}
}

// Run listens until ctx ends and returns nil then. It takes one connection out of the pool, and takes another,
// after a growing pause, whenever that is lost.
func (w *Watcher) Run(ctx context.Context) error {
	const shortest, longest = 50 * time.Millisecond, 5 * time.Second
	pause := shortest
	for {
		err := w.listen(ctx, func() { pause = shortest })
		if ctx.Err() != nil {
			return nil
		}
		w.log.Warn("listening for notifications was interrupted", zap.String("channel", w.channel), zap.Error(err))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause/2 + rand.N(pause)):
		}
		pause = min(2*pause, longest)
	}
}

func (w *Watcher) listen(ctx context.Context, listening func()) error {
	pooled, err := w.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	// Taken out of the pool for good: a connection that listens must not be handed to anybody else.
	conn := pooled.Hijack()
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closing)
	}()
	watchers := append([]*Watcher{w}, w.others...)
	for _, each := range watchers {
		if _, err := conn.Exec(ctx, "listen "+pgx.Identifier{each.channel}.Sanitize()); err != nil {
			return err
		}
	}
	listening()
	for _, each := range watchers {
		each.wake("")
	}
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		key, _, _ := strings.Cut(n.Payload, " ")
		for _, each := range watchers {
			if each.channel == n.Channel {
				each.wake(key)
			}
		}
	}
}

// wake wakes the subscribers of a key and of all; the empty key wakes everybody.
func (w *Watcher) wake(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.subs {
		if key == "" || s.key == "" || s.key == key {
			select {
			case s.wake <- struct{}{}:
			default:
			}
		}
	}
}
