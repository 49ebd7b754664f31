package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

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
