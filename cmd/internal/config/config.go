// Package config is what every command of the binary is configured by: one struct, filled from flags and AUREN_*
// variables, checked as a whole, with the secrets masked wherever it is printed.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// DefaultHTTPAddr is where the HTTP API listens if nothing is said.
const DefaultHTTPAddr = "127.0.0.1:7430"

// Config is filled by kong from its tags. Nothing in it is valid before Check.
type Config struct {
	DSN          DSN           `name:"db-dsn" env:"AUREN_DB_DSN" placeholder:"DSN" group:"settings" help:"PostgreSQL to use: a URL or key=value pairs. A server and a projector need it; the rest otherwise works on a private server in the data directory."`
	PoolSize     int           `name:"db-pool-size" env:"AUREN_DB_POOL_SIZE" default:"20" placeholder:"N" group:"settings" help:"Connections that a server or projector keeps open (10 to 1000, default ${default})."`
	MaxOverflow  int           `name:"db-max-overflow" env:"AUREN_DB_MAX_OVERFLOW" default:"30" placeholder:"N" group:"settings" help:"Connections that it opens beyond that under load (0 to 1000, default ${default})."`
	Wait         time.Duration `name:"db-wait" env:"AUREN_DB_WAIT" default:"30s" placeholder:"TIME" group:"settings" help:"How long to wait at the start for PostgreSQL (default ${default})."`
	NATSURL      NATSURL       `name:"nats-url" env:"AUREN_NATS_URL" placeholder:"URL" group:"settings" help:"NATS to use, with JetStream. A projector needs it; auren up otherwise embeds a server."`
	NATSReplicas int           `name:"nats-replicas" env:"AUREN_NATS_REPLICAS" default:"1" placeholder:"N" group:"settings" help:"How many servers of a NATS cluster keep the stream of changes (1, 3 or 5, default ${default})."`
	NATSMaxAge   time.Duration `name:"nats-max-age" env:"AUREN_NATS_MAX_AGE" default:"168h" placeholder:"TIME" group:"settings" help:"How long the stream keeps a change (1m to 87600h, default ${default})."`
	NATSMaxBytes Bytes         `name:"nats-max-bytes" env:"AUREN_NATS_MAX_BYTES" default:"1GiB" placeholder:"SIZE" group:"settings" help:"How much the stream keeps, the oldest changes leaving first (64MiB to 1024GiB, default ${default})."`
	HTTPAddr     string        `name:"http-addr" env:"AUREN_HTTP_ADDR" default:"${http_addr}" placeholder:"ADDR" group:"settings" help:"Where the HTTP API listens (default ${default})."`
	NATSAddr     string        `name:"nats-addr" env:"AUREN_NATS_ADDR" default:"127.0.0.1:4222" placeholder:"ADDR" group:"settings" help:"Where the embedded NATS server listens (default ${default})."`
	DataDir      string        `name:"data-dir" env:"AUREN_DATA_DIR" placeholder:"DIR" group:"settings" help:"Where the private PostgreSQL and the embedded NATS server keep their data (default ${data_dir})."`
	LogLevel     string        `name:"log-level" env:"AUREN_LOG_LEVEL" placeholder:"LEVEL" group:"settings" help:"debug, info, warn or error (default info for server and projector, warn for the rest)."`
	URL          string        `name:"url" env:"AUREN_URL" placeholder:"URL" group:"settings" help:"An AUREN server to send commands and questions to, e.g. http://127.0.0.1:7430; default: the database itself. A key for it goes into AUREN_KEY."`
	Key          Secret        `name:"key" env:"AUREN_KEY" hidden:""`
	Tenant       string        `name:"tenant" env:"AUREN_TENANT" default:"default" placeholder:"NAME" group:"settings" help:"The world to work in (default ${default})."`
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
		{"db-wait", "AUREN_DB_WAIT", notNegative(c.Wait)},
		{"nats-url", "AUREN_NATS_URL", c.NATSURL.check()},
		{"nats-replicas", "AUREN_NATS_REPLICAS", c.checkReplicas()},
		{"nats-max-age", "AUREN_NATS_MAX_AGE", lasting(c.NATSMaxAge, time.Minute, 87600*time.Hour)},
		{"nats-max-bytes", "AUREN_NATS_MAX_BYTES", c.NATSMaxBytes.within(64*MiB, 1024*GiB)},
		{"http-addr", "AUREN_HTTP_ADDR", CheckAddr(c.HTTPAddr)},
		{"nats-addr", "AUREN_NATS_ADDR", CheckAddr(c.NATSAddr)},
		{"url", "AUREN_URL", CheckURL(c.URL)},
		{"key", "AUREN_KEY", c.Key.check()},
		{"log-level", "AUREN_LOG_LEVEL", oneOf(c.LogLevel, "", "debug", "info", "warn", "error")},
	}
	for _, check := range checks {
		if check.err != nil {
			return fmt.Errorf("--%s (%s) %w", check.flag, check.variable, check.err)
		}
	}
	return nil
}

// CheckURL tells whether a server can be at a URL, without repeating it; "" is allowed.
func CheckURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("must be an http or https URL, e.g. http://127.0.0.1:7430")
	case u.User != nil:
		return errors.New("must hold no user and no password; a key goes into AUREN_KEY")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("must have no query and no fragment")
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

// check takes what a header can carry.
func (s Secret) check() error {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return errors.New("must hold visible ASCII characters only")
		}
	}
	return nil
}

// CheckAddr tells whether something can listen on an address of the form host:port.
func CheckAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("is %q; an address such as 127.0.0.1:7430 is allowed, with port 0 for any free one", addr)
	}
	return nil
}

func within(value, least, most int) error {
	if value < least || value > most {
		return fmt.Errorf("is %d; allowed are %d to %d", value, least, most)
	}
	return nil
}

// checkReplicas takes the sizes that survive the loss of a server, and the one that cannot.
func (c *Config) checkReplicas() error {
	if c.NATSReplicas != 1 && c.NATSReplicas != 3 && c.NATSReplicas != 5 {
		return fmt.Errorf("is %d; allowed are 1, 3 and 5", c.NATSReplicas)
	}
	return nil
}

func lasting(d, least, most time.Duration) error {
	if d < least || d > most {
		return fmt.Errorf("is %s; allowed are %s to %s", d, least, most)
	}
	return nil
}

func notNegative(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("is %s; a time such as 30s is allowed", d)
	}
	return nil
}

func oneOf(value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return fmt.Errorf("is %q; allowed are debug, info, warn and error", value)
}

// DSN is the connection string of a PostgreSQL database. Printing it leaves out the password and all else that
// may be secret; convert it to a string to connect.
type DSN string

// String says host, port, database and user: enough to know which database is meant.
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
		return fmt.Errorf("is malformed; a URL such as postgres://user:password@host:5432/database or key=value pairs, as libpq takes them, are allowed")
	}
	return nil
}

// NATSURL is one address of a NATS server or several with commas between. Printing it leaves out user, password
// and token; convert it to a string to connect.
type NATSURL string

// String is the addresses without their secrets.
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

// Hosts is the host and port of each address, with commas between: enough to know which servers are meant.
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
		if err != nil || parsed.Host == "" || oneOf(parsed.Scheme, "nats", "tls", "ws", "wss") != nil {
			return fmt.Errorf("is malformed; a URL such as nats://127.0.0.1:4222 is allowed, or several with commas between")
		}
	}
	return nil
}
