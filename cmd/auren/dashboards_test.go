package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

// scraped holds the metrics and labels that Prometheus would scrape from a server and a projector.
type scraped struct {
	metrics, labels map[string]bool
}

var (
	scrapedAs = regexp.MustCompile(`(?m)^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? [^ ]+$`)
	labelName = regexp.MustCompile(`([a-zA-Z_]\w*)(?:=~|!=|!~|=)"`)
)

// scrape starts a server and a projector, gives them work, and reads their metrics.
func scrape(t *testing.T) scraped {
	t.Helper()
	env := append(settings(pgtest.DSN(t), startNATS(t)), "AUREN_PROJECTOR_HTTP_ADDR=127.0.0.1:0")
	server, projector := start(t, env, "server"), start(t, env, "projector")
	require.Equal(t, http.StatusCreated, post(t, server.url()))

	// Prometheus adds these itself.
	s := scraped{metrics: map[string]bool{"up": true}, labels: map[string]bool{"job": true, "instance": true}}
	for _, p := range []*process{server, projector} {
		p.WaitUntil("the relay's metrics appear", func() bool {
			text := fetch(t, p.url()+"/metrics")
			return strings.Contains(text, `auren_projection_lag_events{projection="fanout"} 0`)
		})
		for _, line := range scrapedAs.FindAllStringSubmatch(fetch(t, p.url()+"/metrics"), -1) {
			s.metrics[line[1]] = true
			for _, label := range labelName.FindAllStringSubmatch(line[2], -1) {
				s.labels[label[1]] = true
			}
		}
	}
	return s
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(body)
}

// promQL holds the words of the language that the dashboard and the rules use.
var promQL = []string{"and", "bool", "by", "count", "histogram_quantile", "increase", "max", "min", "on", "or", "rate", "sum", "topk", "unless", "vector"}

var (
	matchers   = regexp.MustCompile(`\{([^}]*)\}`)
	grouping   = regexp.MustCompile(`\b(by|on|without|ignoring) ?\(([^)]*)\)`)
	ranges     = regexp.MustCompile(`\[[^\]]*\]`)
	identifier = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
	legend     = regexp.MustCompile(`\{\{ *(\w+) *\}\}`)
)

// requireKnown fails if an expression names a metric or a label that no process exports.
func (s scraped) requireKnown(t *testing.T, expr string) {
	t.Helper()
	for _, m := range matchers.FindAllStringSubmatch(expr, -1) {
		for _, label := range labelName.FindAllStringSubmatch(m[1], -1) {
			require.Contains(t, s.labels, label[1], expr)
		}
	}
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		for _, label := range identifier.FindAllString(m[2], -1) {
			require.Contains(t, s.labels, label, expr)
		}
	}
	left := expr
	for _, part := range []*regexp.Regexp{matchers, grouping, ranges} {
		left = part.ReplaceAllString(left, " ")
	}
	metrics := 0
	for _, name := range identifier.FindAllString(left, -1) {
		if !slices.Contains(promQL, name) {
			require.Contains(t, s.metrics, name, expr)
			metrics++
		}
	}
	require.Positive(t, metrics, expr)
}

type panel struct {
	ID          int
	Type        string
	Title       string
	Description string
	GridPos     struct{ H, W, X, Y int }
	Datasource  map[string]string
	Targets     []struct {
		RefID        string
		Datasource   map[string]string
		Expr         string
		LegendFormat string
	}
}

func TestTheDashboardUsesExistingMetrics(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../deploy/grafana/auren.json")
	require.NoError(t, err)
	var dashboard struct {
		UID, Title    string
		SchemaVersion int
		Templating    struct {
			List []struct{ Name, Type, Definition string }
		}
		Panels []panel
	}
	require.NoError(t, json.Unmarshal(raw, &dashboard))
	require.NotEmpty(t, dashboard.UID)
	require.Positive(t, dashboard.SchemaVersion)

	variables := map[string]bool{"__rate_interval": true}
	for _, v := range dashboard.Templating.List {
		variables[v.Name] = true
	}
	for _, m := range regexp.MustCompile(`\$\{?(\w+)`).FindAllStringSubmatch(string(raw), -1) {
		require.True(t, variables[m[1]] || m[1] == "__all", "the variable %s is not defined", m[1])
	}
	source := map[string]string{"type": "prometheus", "uid": "${datasource}"}
	require.Equal(t, "datasource", dashboard.Templating.List[0].Type)

	known := scrape(t)
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range dashboard.Panels {
		require.False(t, ids[p.ID], "two panels have the id %d", p.ID)
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				require.Less(t, x, 24, p.Title)
				require.Empty(t, taken[[2]int{x, y}], "under %s", p.Title)
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		require.Contains(t, []string{"timeseries", "stat"}, p.Type)
		require.NotEmpty(t, p.Description, p.Title)
		require.Equal(t, source, p.Datasource, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		refs := map[string]bool{}
		for _, target := range p.Targets {
			require.False(t, refs[target.RefID], p.Title)
			refs[target.RefID] = true
			require.Equal(t, source, target.Datasource, p.Title)
			known.requireKnown(t, target.Expr)
			for _, label := range legend.FindAllStringSubmatch(target.LegendFormat, -1) {
				require.Contains(t, known.labels, label[1], p.Title)
			}
		}
	}
}

type rules struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr, For string
			Labels           map[string]string
			Annotations      map[string]string
		}
	}
}

// "make alerts" checks with promtool that the rules are well-formed and fire as intended.
func TestTheAlertsUseExistingMetrics(t *testing.T) {
	t.Parallel()
	alerts := readYAML[rules](t, "alerts.yml")
	tested := readYAML[struct {
		Tests []struct {
			AlertRuleTest []struct {
				Alertname string
				ExpAlerts []any `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}](t, "alerts_test.yml")
	fired := map[string]bool{}
	for _, test := range tested.Tests {
		for _, check := range test.AlertRuleTest {
			fired[check.Alertname] = fired[check.Alertname] || len(check.ExpAlerts) > 0
		}
	}
	manual, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)

	known, seen := scrape(t), map[string]bool{}
	require.Len(t, alerts.Groups, 1)
	for _, rule := range alerts.Groups[0].Rules {
		require.False(t, seen[rule.Alert], rule.Alert)
		seen[rule.Alert] = true
		require.True(t, fired[rule.Alert], "no test lets %s fire", rule.Alert)
		known.requireKnown(t, rule.Expr)
		require.Contains(t, []string{"critical", "warning"}, rule.Labels["severity"], rule.Alert)
		require.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
		page, anchor, _ := strings.Cut(rule.Annotations["runbook_url"], "#")
		require.Equal(t, "https://github.com/auren-memory/auren/blob/main/docs/operations.md", page)
		require.Equal(t, strings.ToLower(rule.Alert), anchor)
		require.Contains(t, string(manual), "\n### "+rule.Alert+"\n", "the runbook")
	}
	require.Subset(t, slices.Collect(maps.Keys(seen)), slices.Collect(maps.Keys(fired)))
}

func readYAML[T any](t *testing.T, name string) (value T) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../deploy/prometheus", name))
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(raw, &value))
	return value
}
