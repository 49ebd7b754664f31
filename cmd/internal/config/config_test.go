package config

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func valid() Config {
	return Config{
		PoolSize: 20, MaxOverflow: 30, Wait: time.Second,
		NATSReplicas: 1, NATSMaxAge: time.Hour, NATSMaxBytes: GiB,
		HTTPAddr: "127.0.0.1:7430", NATSAddr: "127.0.0.1:0", Tenant: "default",
	}
}

func TestCheckAcceptsValidSettings(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"the defaults":        func(*Config) {},
		"a URL":               func(c *Config) { c.DSN = "postgres://u:p@db:5433/x?sslmode=disable" },
		"key=value pairs":     func(c *Config) { c.DSN = "host=/run dbname=x user=u password=p" },
		"a socket":            func(c *Config) { c.DSN = "postgres://auren@/auren?host=/tmp/run" },
		"several NATS URLs":   func(c *Config) { c.NATSURL = "nats://a:4222, tls://b:4222" },
		"every address":       func(c *Config) { c.HTTPAddr = ":7430" },
		"an address of IPv6":  func(c *Config) { c.HTTPAddr = "[::1]:0" },
		"the smallest pool":   func(c *Config) { c.PoolSize, c.MaxOverflow = 10, 0 },
		"a level of the log":  func(c *Config) { c.LogLevel = "debug" },
		"not waiting at all":  func(c *Config) { c.Wait = 0 },
		"a cluster of NATS":   func(c *Config) { c.NATSReplicas = 3 },
		"a short retention":   func(c *Config) { c.NATSMaxAge, c.NATSMaxBytes = time.Minute, 64*MiB },
		"an empty NATS token": func(c *Config) { c.NATSURL = "nats://@a:4222" },
	} {
		c := valid()
		change(&c)
		require.NoError(t, c.Check(), name)
	}
}

func TestCheckNamesFlagAndVariableWithoutSecrets(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"DSN":           {func(c *Config) { c.DSN = "postgres://u:s3cret@h:port/x" }, "--db-dsn (AUREN_DB_DSN) must be a URL, e.g. postgres://"},
		"no DSN at all": {func(c *Config) { c.DSN = "s3cret" }, "--db-dsn (AUREN_DB_DSN) must be a URL, e.g. postgres://"},
		"pool size":     {func(c *Config) { c.PoolSize = 9 }, "--db-pool-size (AUREN_DB_POOL_SIZE) must be 10 to 1000, got 9"},
		"overflow":      {func(c *Config) { c.MaxOverflow = -1 }, "--db-max-overflow (AUREN_DB_MAX_OVERFLOW) must be 0 to 1000, got -1"},
		"wait":          {func(c *Config) { c.Wait = -1 }, "--db-wait (AUREN_DB_WAIT) must be a duration of 0s or more, e.g. 30s, got -1ns"},
		"NATS scheme":   {func(c *Config) { c.NATSURL = "http://u:s3cret@h" }, "--nats-url (AUREN_NATS_URL) must be a URL, e.g. nats://"},
		"NATS host":     {func(c *Config) { c.NATSURL = "nats://a:1,nats://" }, "--nats-url (AUREN_NATS_URL) must be a URL, e.g. nats://"},
		"replicas":      {func(c *Config) { c.NATSReplicas = 2 }, "--nats-replicas (AUREN_NATS_REPLICAS) must be 1, 3 or 5, got 2"},
		"age":           {func(c *Config) { c.NATSMaxAge = 0 }, "--nats-max-age (AUREN_NATS_MAX_AGE) must be 1m0s to 87600h0m0s, got 0s"},
		"size":          {func(c *Config) { c.NATSMaxBytes = MiB }, "--nats-max-bytes (AUREN_NATS_MAX_BYTES) must be 64MiB to 1024GiB, got 1MiB"},
		"HTTP port":     {func(c *Config) { c.HTTPAddr = "localhost" }, `--http-addr (AUREN_HTTP_ADDR) must be an address, e.g. 127.0.0.1:7430, or with port 0 for any free one, got "localhost"`},
		"big port":      {func(c *Config) { c.HTTPAddr = "h:70000" }, "--http-addr (AUREN_HTTP_ADDR)"},
		"NATS port":     {func(c *Config) { c.NATSAddr = "h:nats" }, "--nats-addr (AUREN_NATS_ADDR)"},
		"log level":     {func(c *Config) { c.LogLevel = "loud" }, "--log-level (AUREN_LOG_LEVEL) must be debug, info, warn or error, got \"loud\""},
	} {
		c := valid()
		test.change(&c)
		err := c.Check()
		require.ErrorContains(t, err, test.want, name)
		require.NotContains(t, err.Error(), "s3cret", name)
	}
}

func TestPrintingMasksSecrets(t *testing.T) {
	t.Parallel()
	c := valid()
	c.DSN = "postgres://app:s3cret@db.internal:5433/memories?sslpassword=s3cret&sslmode=disable"
	c.NATSURL = "nats://app:s3cret@a:4222,nats://s3cret@b:4222"
	raw, err := json.Marshal(c)
	require.NoError(t, err)
	for _, printed := range []string{
		fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), string(raw),
		c.DSN.String(), c.NATSURL.String(), DSN("postgres://u:s3cret@h:port/x").String(),
	} {
		require.NotContains(t, printed, "s3cret")
	}
	require.Equal(t, "memories on db.internal:5433 as app", c.DSN.String())
	require.Equal(t, "nats://***@a:4222,nats://***@b:4222", c.NATSURL.String())
	require.Equal(t, "a:4222, b:4222", c.NATSURL.Hosts())
	require.Empty(t, DSN("").String())
}

func TestSizesRoundTrip(t *testing.T) {
	t.Parallel()
	for text, size := range map[string]Bytes{"0": 0, "1025": 1025, "3KiB": 3 * KiB, "512MiB": 512 * MiB, "1GiB": GiB, "1024GiB": 1024 * GiB} {
		var b Bytes
		require.NoError(t, b.UnmarshalText([]byte(text)))
		require.Equal(t, size, b)
		require.Equal(t, text, b.String())
	}
	for _, text := range []string{"", "GiB", "1GB", "-1MiB", "1.5GiB", "99999999999GiB", "1 e3"} {
		var b Bytes
		require.Error(t, b.UnmarshalText([]byte(text)), text)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"dial nats://u:s3cret@h:1: refused":         "dial nats://***@h:1: refused",
		"postgres://s3cret@h/x?sslmode=disable bad": "postgres://***@h/x?sslmode=disable bad",
		"host=h password=s3cret dbname=x":           "host=h password=*** dbname=x",
		"password='s3 cr\\'et' dbname=x":            "password=*** dbname=x",
		"?sslpassword=s3cret&x=1":                   "?sslpassword=***&x=1",
		"such as postgres://user:password@host:1/d": "such as postgres://user:password@host:1/d",
		"nothing": "nothing",
	} {
		require.Equal(t, want, MaskSecrets(text))
	}
}
