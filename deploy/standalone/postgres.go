package standalone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
)

// PostgresConfig says how to run a private PostgreSQL. Only DataDir is needed.
type PostgresConfig struct {
	DataDir  string            // created where it is missing; see the package's documentation for what is in it
	Settings map[string]string // settings of the server beside and above our own; fsync is on by default
	Log      *zap.Logger       // default: none
	Progress func(string)      // is told in a few words what takes long; default: nobody
}

// Postgres is a private PostgreSQL server that runs until Stop or the end of this process. Safe for concurrent use.
type Postgres struct {
	socketDir string
	process   *os.Process
	log       *zap.Logger
	ending    atomic.Bool // by us
	done      chan struct{}
	err       error // readable once done is closed
}

// StartPostgres starts the server of the data directory, creating what is missing of the cluster, the role auren and its
// database, and returns when it takes connections. It waits for a former server whose AUREN was killed. It fails if an AUREN
// runs on the data directory, the cluster is of another major version or there is no PostgreSQL (*NotInstalledError).
// Ending ctx gives up the start; only Stop stops a server that has been returned.
func StartPostgres(ctx context.Context, config PostgresConfig) (*Postgres, error) {
	if config.Log == nil {
		config.Log = zap.NewNop()
	}
	if config.Progress == nil {
		config.Progress = func(string) {}
	}
	began := time.Now()
	dataDir, err := OpenDataDir(config.DataDir)
	if err != nil {
		return nil, err
	}
	lock, err := lock(dataDir, "postgres.lock")
	if err != nil {
		return nil, err
	}
	p, err := startLocked(ctx, config, dataDir, lock)
	if err != nil {
		lock.release()
		return nil, err
	}
	config.Log.Info("postgresql is ready", zap.String("data_dir", dataDir), zap.Duration("took", time.Since(began)))
	return p, nil
}

func startLocked(ctx context.Context, config PostgresConfig, dataDir string, lock heldLock) (*Postgres, error) {
	cluster := clusterDir(dataDir)
	as, err := serverAccount(cluster)
	if err != nil {
		return nil, err
	}
	if err := as.mayEnter(dataDir); err != nil {
		return nil, err
	}
	bin, err := binaries(cluster)
	if err != nil {
		return nil, err
	}
	socketDir, err := openSocketDir(dataDir, as)
	if err != nil {
		return nil, err
	}
	if err := clearFormer(ctx, cluster, socketDir, config.Progress); err != nil {
		return nil, err
	}
	settings := serverSettings(socketDir, machineMemory(), config.Settings)
	if version, err := clusterVersion(cluster); err != nil {
		return nil, err
	} else if version == 0 {
		config.Progress("creating a PostgreSQL database in " + cluster)
		if err := createCluster(ctx, bin, cluster, as, settings["fsync"] != "off"); err != nil {
			return nil, err
		}
	}
	log, err := openLog(filepath.Join(dataDir, "postgres.log"))
	if err != nil {
		return nil, err
	}
	l := launch{program: filepath.Join(bin.binDir, "postgres"), cluster: cluster, settings: settings, as: as, log: log}
	process, ended, err := l.run(ctx, config.Progress)
	if err != nil {
		log.close()
		return nil, err
	}
	p := &Postgres{socketDir: socketDir, process: process, log: config.Log, done: make(chan struct{})}
	go p.supervise(ended, log, lock)
	if err := p.provision(ctx); err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	return p, nil
}

// provision creates the role and the database if they are missing.
func (p *Postgres) provision(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.AdminDSN())
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer conn.Close(ctx)
	const have = `
		select exists (select from pg_roles where rolname = $1),
			exists (select from pg_database where datname = $2)`
	var role, database bool
	if err := conn.QueryRow(ctx, have, roleName, databaseName).Scan(&role, &database); err != nil {
		return fmt.Errorf("look for the role and the database: %w", err)
	}
	if !role {
		if _, err := conn.Exec(ctx, "create role "+roleName+" login"); err != nil {
			return fmt.Errorf("create the role %s: %w", roleName, err)
		}
	}
	if !database {
		if _, err := conn.Exec(ctx, "create database "+databaseName+" owner "+roleName); err != nil {
			return fmt.Errorf("create the database %s: %w", databaseName, err)
		}
	}
	return nil
}

// supervise keeps the log bounded until the server has ended, then frees what its run held.
func (p *Postgres) supervise(ended <-chan error, log *serverLog, lock heldLock) {
	defer close(p.done)
	defer lock.release()
	defer log.close()
	look := time.NewTicker(10 * time.Second)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			if err := log.rotate(maxLog); err != nil {
				p.log.Warn("rotate the log of postgresql", zap.Error(err))
			}
		case err := <-ended:
			if err == nil {
				err = errors.New("exit status 0")
			}
			if !p.ending.Load() {
				p.err = fmt.Errorf("PostgreSQL ended by itself: %w: %s", err, log.tail())
			}
			return
		}
	}
}

// DSN is the connection string of the role auren, which is no superuser, to its database auren.
func (p *Postgres) DSN() string {
	return socketDSN(p.socketDir, roleName, databaseName)
}

// AdminDSN is the connection string of the superuser to the database postgres.
func (p *Postgres) AdminDSN() string {
	return socketDSN(p.socketDir, adminRole, "postgres")
}

// Done is closed when the server has ended, whoever ended it, and the data directory is free again.
func (p *Postgres) Done() <-chan struct{} {
	return p.done
}

// Err says why the server ended by itself, with the end of its log; nil while it runs and after Stop or Kill.
func (p *Postgres) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Stop shuts the server down in order and waits for it; one that has ended already is a success. If ctx ends first, the
// server is killed as by Kill, and the error is that of ctx.
func (p *Postgres) Stop(ctx context.Context) error {
	p.end(syscall.SIGINT)
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("shut PostgreSQL down: %w", ctx.Err()), p.Kill())
	}
}

// Kill ends the server at once, as a crash would, and waits for it: the next start recovers what was committed.
func (p *Postgres) Kill() error {
	p.end(syscall.SIGQUIT)
	select {
	case <-p.done:
		return nil
	case <-time.After(10 * time.Second):
		return fmt.Errorf("PostgreSQL (pid %d) survives its kill", p.process.Pid)
	}
}

func (p *Postgres) end(how syscall.Signal) {
	p.ending.Store(true)
	_ = p.process.Signal(how) // one that has ended needs none
}
