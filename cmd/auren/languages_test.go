package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLanguagesAreShownAndChanged(t *testing.T) {
	t.Parallel()
	pool := projected(t, 500)
	languages := func(args ...string) string {
		t.Helper()
		stdout, stderr, code := call(t, "", append([]string{"languages", "--db-dsn", pool.Config().ConnString()}, args...)...)
		require.Zero(t, code, stderr)
		return stdout
	}
	require.Regexp(t, `\(others\) +en\n`, languages())
	require.Regexp(t, `tenant default: en,de, rebuilt in`, languages("German,en"))
	require.Regexp(t, `tenant default: en,de, as before`, languages("en", "de"))
	require.Regexp(t, `tenant shop: ja, rebuilt in`, languages("japanese", "--tenant", "shop"))
	require.Regexp(t, `tenants without languages of their own: fr, rebuilt in`, languages("fr", "--default"))
	require.Regexp(t, `\(others\) +fr\ndefault +en,de\nshop +ja\n`, languages())
	require.JSONEq(t, `[{"tenant": "", "languages": ["fr"]}, {"tenant": "default", "languages": ["en", "de"]}, {"tenant": "shop", "languages": ["ja"]}]`, languages("--json"))

	_, stderr, code := call(t, "", "languages", "klingon", "--db-dsn", pool.Config().ConnString())
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "must be one of arabic (ar), ")
	_, stderr, code = call(t, "", "languages", "--default", "--db-dsn", pool.Config().ConnString())
	require.Equal(t, exitUsage, code, stderr)
	stdout, _, _ := call(t, "", "languages", "--help")
	require.Contains(t, stdout, "vietnamese (vi)")
}
