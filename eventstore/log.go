package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
)

// Log reads the logs of tenants. It is safe for concurrent use.
type Log struct{ pool *pgxpool.Pool }

// NewLog makes a Log on a pool, which stays the caller's to close.
func NewLog(pool *pgxpool.Pool) *Log { return &Log{pool} }

// Head is where a log ends. The zero Head is that of a log without events.
type Head struct {
	SequenceID int64
	Hash       Hash
	CreatedAt  time.Time
}

const readHead = `select sequence_id, hash, created_at from logs where tenant_id = $1`

// Head returns where a tenant's log ends.
func (l *Log) Head(ctx context.Context, tenant domain.Tenant) (h Head, err error) {
	var hash []byte
	err = l.pool.QueryRow(ctx, readHead, tenant).Scan(&h.SequenceID, &hash, &h.CreatedAt)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Head{}, Translate(fmt.Errorf("read head of log: %w", err))
	}
	copy(h.Hash[:], hash)
	return h, nil
}

const createLog = `
insert into logs (tenant_id, hash, created_at)
values ($1, $2, 'epoch')
on conflict do nothing`

// Execer is a pool, a connection or a transaction.
type Execer interface {
	Exec(ctx context.Context, sql string, arguments ...any) (pgconn.CommandTag, error)
}

// Create creates the log of a tenant unless it exists.
func Create(ctx context.Context, db Execer, tenant domain.Tenant) error {
	if _, err := db.Exec(ctx, createLog, tenant, make([]byte, len(Hash{}))); err != nil {
		return fmt.Errorf("create the log: %w", err)
	}
	return nil
}

const readSecret = `select secret from logs where tenant_id = $1`

// Secret returns the secret of a tenant, 32 random bytes that are made with its log, which this creates if need be. It keys
// digests of what must not be guessed, and must not be sent, logged or stored elsewhere.
func (l *Log) Secret(ctx context.Context, tenant domain.Tenant) (secret []byte, err error) {
	err = l.pool.QueryRow(ctx, readSecret, tenant).Scan(&secret)
	if errors.Is(err, pgx.ErrNoRows) {
		if err = Create(ctx, l.pool, tenant); err == nil {
			err = l.pool.QueryRow(ctx, readSecret, tenant).Scan(&secret)
		}
	}
	if err != nil {
		return nil, Translate(fmt.Errorf("read the secret of tenant %s: %w", tenant, err))
	}
	return secret, nil
}

const readHeads = `select coalesce(json_object_agg(tenant_id, sequence_id), '{}') from logs`

// Heads returns the last sequence_id of each tenant that has a log.
func (l *Log) Heads(ctx context.Context) (heads map[domain.Tenant]int64, err error) {
	if err := l.pool.QueryRow(ctx, readHeads).Scan(&heads); err != nil {
		return nil, Translate(fmt.Errorf("read heads of logs: %w", err))
	}
	return heads, nil
}

const readCreatedAt = `select created_at from events where tenant_id = $1 and sequence_id = $2`

// SequenceAt returns the sequence_id of the last event appended at or before a moment, 0 where there is none. It looks at
// some twenty events, since created_at never runs backwards.
func (l *Log) SequenceAt(ctx context.Context, tenant domain.Tenant, moment time.Time) (int64, error) {
	head, err := l.Head(ctx, tenant)
	if err != nil || !head.CreatedAt.After(moment) {
		return head.SequenceID, err
	}
	// The event at low is at or before the moment, or there is none; the one at high is after it.
	low, high := int64(0), head.SequenceID
	for high-low > 1 {
		middle := low + (high-low)/2
		var createdAt time.Time
		if err := l.pool.QueryRow(ctx, readCreatedAt, tenant, middle).Scan(&createdAt); err != nil {
			return 0, Translate(fmt.Errorf("read event %d: %w", middle, err))
		}
		if createdAt.After(moment) {
			high = middle
		} else {
			low = middle
		}
	}
	return low, nil
}
