package standalone

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
)

const (
	// maxMessage holds a memory of the largest content, escaped, and what travels with it.
	maxMessage = 8 * mib
	maxMemory  = 256 * mib // of JetStream; our streams are in files
)

// NATSConfig says how to run an embedded NATS server. DataDir and Addr are needed.
type NATSConfig struct {
	DataDir string      // created where it is missing; the JetStream store lives in DataDir/nats
	Addr    string      // host:port; port 0 or -1 takes any free one
	Log     *zap.Logger // default: none
}

// NATS is an embedded NATS server with JetStream. Safe for concurrent use.
type NATS struct {
	server *server.Server
	lock   heldLock
}

// StartNATS starts the server and returns when it takes connections. JetStream may fill three quarters of the free disk.
// An address that is taken, named as AUREN_NATS_ADDR, and a data directory that another AUREN serves are errors.
func StartNATS(config NATSConfig) (*NATS, error) {
	if config.Log == nil {
		config.Log = zap.NewNop()
	}
	host, port, err := splitAddr(config.Addr)
	if err != nil {
		return nil, err
	}
	dataDir, err := OpenDataDir(config.DataDir)
	if err != nil {
		return nil, err
	}
	lock, err := lock(dataDir, "nats.lock")
	if err != nil {
		return nil, err
	}
	running, err := runNATS(&server.Options{
		ServerName:         "auren",
		Host:               host,
		Port:               port,
		JetStream:          true,
		StoreDir:           filepath.Join(dataDir, "nats"),
		JetStreamMaxMemory: maxMemory,
		MaxPayload:         maxMessage,
		NoSigs:             true, // the signals are the process's
	}, config.Log)
	if err != nil {
		lock.release()
		return nil, err
	}
	return &NATS{server: running, lock: lock}, nil
}

func runNATS(options *server.Options, log *zap.Logger) (*server.Server, error) {
	if err := makeDir(options.StoreDir, 0o700); err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	s, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	said := &natsLog{log: log.Sugar(), fatal: make(chan error, 1)}
	s.SetLoggerV2(said, false, false, false)
	s.Start() // returns when it listens, or after a word to the logger that would have ended the process
	select {
	case err = <-said.fatal:
	default:
		if !s.ReadyForConnections(10 * time.Second) {
			err = errors.New("not ready after 10 s")
		}
	}
	if err != nil {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("nats: %w", err)
	}
	return s, nil
}

// splitAddr checks the address, also by listening on it: the server itself would only log that it is taken.
func splitAddr(addr string) (host string, port int, err error) {
	host, digits, err := net.SplitHostPort(addr)
	if err == nil {
		port, err = strconv.Atoi(digits)
	}
	if err != nil {
		return "", 0, fmt.Errorf("AUREN_NATS_ADDR %q is no host:port: %w", addr, err)
	}
	if port <= 0 {
		return host, server.RANDOM_PORT, nil
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return "", 0, fmt.Errorf("nats: %w; choose another address with AUREN_NATS_ADDR", err)
	}
	return host, port, listener.Close()
}

// URL is where clients connect to, with the port that was taken.
func (n *NATS) URL() string {
	return n.server.ClientURL()
}

// Stop closes all connections and returns when the server has written what is pending and ended; a second call does nothing.
func (n *NATS) Stop() {
	n.server.Shutdown()
	n.server.WaitForShutdown()
	n.lock.release()
}

// natsLog passes on what matters of what the server says, and keeps what would have ended the process.
type natsLog struct {
	log   *zap.SugaredLogger
	fatal chan error // holds the first
}

func (l *natsLog) Noticef(format string, args ...any) { l.log.Debugf("nats: "+format, args...) }
func (l *natsLog) Warnf(format string, args ...any)   { l.log.Warnf("nats: "+format, args...) }
func (l *natsLog) Errorf(format string, args ...any)  { l.log.Errorf("nats: "+format, args...) }
func (l *natsLog) Debugf(string, ...any)              {}
func (l *natsLog) Tracef(string, ...any)              {}

func (l *natsLog) Fatalf(format string, args ...any) {
	select {
	case l.fatal <- fmt.Errorf(format, args...): // for the start to return
	default:
		l.Errorf(format, args...)
	}
}
