// Package config holds the configuration that all commands share: one struct, filled from flags and AUREN_*
// variables, checked as a whole, that masks its secrets wherever it is printed.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// DefaultHTTPAddr is the default address of the HTTP API.
const DefaultHTTPAddr = "127.0.0.1:7430"

// Config is filled by kong from its tags. Nothing in it is valid before Check.
type Config struct {
	DSN          DSN           `name:"db-dsn" env:"AUREN_DB_DSN" placeholder:"DSN" group:"settings" help:"PostgreSQL to use: a URL or key=value pairs. Required by server and projector; other commands use the private server in the data directory by default."`
	PoolSize     int           `name:"db-pool-size" env:"AUREN_DB_POOL_SIZE" default:"20" placeholder:"N" group:"settings" help:"Connections that a server or projector keeps open (10 to 1000, default ${default})."`
	MaxOverflow  int           `name:"db-max-overflow" env:"AUREN_DB_MAX_OVERFLOW" default:"30" placeholder:"N" group:"settings" help:"Connections that it opens beyond that under load (0 to 1000, default ${default})."`
	Wait         time.Duration `name:"db-wait" env:"AUREN_DB_WAIT" default:"30s" placeholder:"TIME" group:"settings" help:"How long to wait for PostgreSQL at the start (default ${default})."`
	NATSURL      NATSURL       `name:"nats-url" env:"AUREN_NATS_URL" placeholder:"URL" group:"settings" help:"NATS server to use, with JetStream. Required by projector; auren up embeds a server by default."`
	NATSReplicas int           `name:"nats-replicas" env:"AUREN_NATS_REPLICAS" default:"1" placeholder:"N" group:"settings" help:"How many servers of a NATS cluster keep the stream of changes (1, 3 or 5, default ${default})."`
	NATSMaxAge   time.Duration `name:"nats-max-age" env:"AUREN_NATS_MAX_AGE" default:"168h" placeholder:"TIME" group:"settings" help:"How long the stream keeps a change (1m to 87600h, default ${default})."`
	NATSMaxBytes Bytes         `name:"nats-max-bytes" env:"AUREN_NATS_MAX_BYTES" default:"1GiB" placeholder:"SIZE" group:"settings" help:"How much the stream keeps; the oldest changes are dropped first (64MiB to 1024GiB, default ${default})."`
	HTTPAddr     string        `name:"http-addr" env:"AUREN_HTTP_ADDR" default:"${http_addr}" placeholder:"ADDR" group:"settings" help:"Where the HTTP API listens (default ${default})."`
	NATSAddr     string        `name:"nats-addr" env:"AUREN_NATS_ADDR" default:"127.0.0.1:4222" placeholder:"ADDR" group:"settings" help:"Where the embedded NATS server listens (default ${default})."`
	DataDir      string        `name:"data-dir" env:"AUREN_DATA_DIR" placeholder:"DIR" group:"settings" help:"Where the private PostgreSQL and the embedded NATS server keep their data (default ${data_dir})."`
	LogLevel     string        `name:"log-level" env:"AUREN_LOG_LEVEL" placeholder:"LEVEL" group:"settings" help:"debug, info, warn or error (default info for server and projector, warn for other commands)."`
	URL          string        `name:"url" env:"AUREN_URL" placeholder:"URL" group:"settings" help:"AUREN server to send commands and queries to, e.g. http://127.0.0.1:7430 (default: use the database directly). Set its key in AUREN_KEY."`
	Key          Secret        `name:"key" env:"AUREN_KEY" hidden:""`
	Tenant       string        `name:"tenant" env:"AUREN_TENANT" default:"default" placeholder:"NAME" group:"settings" help:"The tenant to work in (default ${default})."`
}

// Check returns an error that names the flag and the variable of the first bad setting, and never repeats a
// secret.
func (c *Config) Check() error {
	checks := []struct {
		flag, variable string
		err            error
	}{
		{"db-dsn", "AUREN_DB_DSN", c.DSN.check()},
		{"db-pool-size", "AUREN_DB_POOL_SIZE", within(c.PoolSize, 10, 1000)},
		{"db-max-overflow", "AUREN_DB_MAX_OVERFLOW", within(c.MaxOverflow, 0, 1000)},
		{"db-wait", "AUREN_DB_WAIT", must(c.Wait >= 0, "must be a duration of 0s or more, e.g. 30s, got %s", c.Wait)},
		{"nats-url", "AUREN_NATS_URL", c.NATSURL.check()},
		{"nats-replicas", "AUREN_NATS_REPLICAS", must(slices.Contains([]int{1, 3, 5}, c.NATSReplicas), "must be 1, 3 or 5, got %d", c.NATSReplicas)},
		{"nats-max-age", "AUREN_NATS_MAX_AGE", within(c.NATSMaxAge, time.Minute, 87600*time.Hour)},
		{"nats-max-bytes", "AUREN_NATS_MAX_BYTES", within(c.NATSMaxBytes, 64*MiB, 1024*GiB)},
		{"http-addr", "AUREN_HTTP_ADDR", CheckAddr(c.HTTPAddr)},
		{"nats-addr", "AUREN_NATS_ADDR", CheckAddr(c.NATSAddr)},
		{"url", "AUREN_URL", CheckURL(c.URL)},
		{"key", "AUREN_KEY", c.Key.check()},
		{"log-level", "AUREN_LOG_LEVEL", must(slices.Contains([]string{"", "debug", "info", "warn", "error"}, c.LogLevel), "must be debug, info, warn or error, got %q", c.LogLevel)},
	}
	for _, check := range checks {
		if check.err != nil {
			return fmt.Errorf("--%s (%s) %w", check.flag, check.variable, check.err)
		}
	}
	return nil
}

// CheckURL returns an error if a URL cannot be that of a server, without repeating it; "" is allowed.
func CheckURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("must be an http or https URL, e.g. http://127.0.0.1:7430")
	case u.User != nil:
		return errors.New("must not contain a user or password; set the key in AUREN_KEY")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("must not have a query or fragment")
	}
	return nil
}

// Secret is never printed; convert it to a string to use it.
type Secret string

// String masks it.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// MarshalText is String.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// check accepts what an HTTP header can carry.
func (s Secret) check() error {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return errors.New("must contain only visible ASCII characters")
		}
	}
	return nil
}

// CheckAddr returns an error unless an address has the form host:port.
func CheckAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("must be an address, e.g. 127.0.0.1:7430, or with port 0 for any free one, got %q", addr)
	}
	return nil
}

func must(holds bool, format string, args ...any) error {
	if holds {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func within[T cmp.Ordered](value, least, most T) error {
	return must(least <= value && value <= most, "must be %v to %v, got %v", least, most, value)
}

// DSN is the connection string of a PostgreSQL database. Printing it omits the password and whatever else may be
// secret; convert it to a string to connect.
type DSN string

// String returns database, host, port and user: enough to tell which database it is.
func (d DSN) String() string {
	if d == "" {
		return ""
	}
	parsed, err := pgx.ParseConfig(string(d))
	if err != nil {
		return "a malformed DSN"
	}
	return fmt.Sprintf("%s on %s as %s", parsed.Database, net.JoinHostPort(parsed.Host, strconv.Itoa(int(parsed.Port))), parsed.User)
}

// GoString is String.
func (d DSN) GoString() string { return d.String() }

// MarshalText is String.
func (d DSN) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d DSN) check() error {
	if d == "" {
		return nil
	}
	// The parser's own error repeats the DSN.
	if _, err := pgx.ParseConfig(string(d)); err != nil {
		return fmt.Errorf("must be a URL, e.g. postgres://user:password@host:5432/database, or key=value pairs as in libpq")
	}
	return nil
}

// NATSURL is the URL of a NATS server, or several separated by commas. Printing it omits user, password and token;
// convert it to a string to connect.
type NATSURL string

// String returns the URLs without their secrets.
func (n NATSURL) String() string {
	var masked []string
	for part := range strings.SplitSeq(string(n), ",") {
		parsed, err := url.Parse(strings.TrimSpace(part))
		if err != nil {
			return "a malformed URL"
		}
		if parsed.User != nil {
			parsed.User = url.User("***")
		}
		masked = append(masked, parsed.String())
	}
	return strings.ReplaceAll(strings.Join(masked, ","), "%2A%2A%2A", "***")
}

// Hosts returns host and port of each URL, separated by commas: enough to tell which servers they are.
func (n NATSURL) Hosts() string {
	var hosts []string
	for part := range strings.SplitSeq(string(n), ",") {
		parsed, err := url.Parse(strings.TrimSpace(part))
		if err != nil {
			return "a malformed URL"
		}
		hosts = append(hosts, parsed.Host)
	}
	return strings.Join(hosts, ", ")
}

// GoString is String.
func (n NATSURL) GoString() string { return n.String() }

// MarshalText is String.
func (n NATSURL) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

func (n NATSURL) check() error {
	if n == "" {
		return nil
	}
	for part := range strings.SplitSeq(string(n), ",") {
		parsed, err := url.Parse(strings.TrimSpace(part))
		if err != nil || parsed.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, parsed.Scheme) {
			return fmt.Errorf("must be a URL, e.g. nats://127.0.0.1:4222, or several separated by commas")
		}
	}
	return nil
}
