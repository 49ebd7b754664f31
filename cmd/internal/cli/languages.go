package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/projections/search"
)

// Languages is `auren languages`.
type Languages struct {
	Languages []string `arg:"" optional:"" name:"language" help:"Names or two-letter codes, such as german,en; default: show the languages of all tenants."`
	Default   bool     `help:"Set the languages of the tenants that have none of their own."`
	JSON      bool     `help:"Print the languages as JSON."`
}

// Help names the languages.
func (*Languages) Help() string {
	return "The languages decide which forms of a word are equal. The search index of the tenant (--tenant) is built in the new ones beside the live one, and takes its place at once.\n\nLanguages: " +
		strings.Join(lexicon.Names(), ", ") + "."
}

// Run shows the languages in which memories are searched, or changes them for a tenant or for those without their own.
func (c *Languages) Run(ctx context.Context, a *App) error {
	tenant := a.Tenant
	if c.Default {
		tenant = search.EveryTenant
	}
	var names []string
	for _, list := range c.Languages {
		names = append(names, strings.Split(list, ",")...)
	}
	set, codes, err := search.InLanguages(tenant, names)
	if err != nil {
		return UsageError{err}
	}
	if len(c.Languages) == 0 && c.Default {
		return UsageError{errors.New("--default needs the languages to set")}
	}
	pool, err := a.ConnectAs(ctx, "auren languages")
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrations.CheckVersion(ctx, pool); err != nil {
		return err
	}
	all, err := search.ReadLanguages(ctx, pool)
	if err != nil {
		return err
	}
	if len(c.Languages) == 0 {
		return a.answer(c.JSON, all, func() { printLanguages(a.Stdout, all) })
	}
	return a.changeLanguages(ctx, pool, tenant, all, codes, rebuild.Config{Log: a.Log, Settings: set})
}

func (a *App) changeLanguages(ctx context.Context, pool *pgxpool.Pool, tenant domain.Tenant, before []search.TenantLanguages, codes []string, config rebuild.Config) error {
	of := "tenants without languages of their own"
	if tenant != search.EveryTenant {
		of, config.Tenants = "tenant "+string(tenant), []domain.Tenant{tenant}
	}
	if slices.ContainsFunc(before, func(t search.TenantLanguages) bool { return t.Tenant == tenant && slices.Equal(t.Languages, codes) }) {
		a.Stdout.Printf("%s: %s, as before\n", of, strings.Join(codes, ","))
		return nil
	}
	began, bars := time.Now(), terminal.NewProgress(a.Stderr)
	config.Progress = func(p rebuild.Progress) { bars.Move(string(p.Phase), min(p.Done, p.Total), p.Total, p.Done, "events") }
	err := rebuild.Run(ctx, pool, []projections.Projection{search.New()}, config)
	bars.End(err == nil)
	if err != nil {
		return rebuildError(ctx, err)
	}
	a.Stdout.Printf("%s: %s, %s in %s\n", of, strings.Join(codes, ","), a.Stdout.Paint(terminal.Green, "rebuilt"), terminal.Duration(time.Since(began)))
	return nil
}

func printLanguages(s *terminal.Screen, all []search.TenantLanguages) {
	rows := [][]terminal.Cell{{{"tenant", terminal.Dim}, {"languages", terminal.Dim}}}
	for _, t := range all {
		name := terminal.Cell{string(t.Tenant), terminal.Cyan}
		if t.Tenant == search.EveryTenant {
			name = terminal.Cell{"(others)", terminal.Dim}
		}
		rows = append(rows, []terminal.Cell{name, {strings.Join(t.Languages, ","), terminal.Plain}})
	}
	s.Table(0, nil, rows)
}

// rebuildError says what became of a rebuild that failed.
func rebuildError(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, rebuild.ErrUnknown):
		return fmt.Errorf("rebuild: %w; if they are not, `auren status` shows what is left of them", err)
	case ctx.Err() != nil:
		return errors.New("interrupted; the live tables are as they were")
	case errors.Is(err, rebuild.ErrNewerVersion):
		return fmt.Errorf("rebuild: %w; rebuild with that program, or go back to this one with --downgrade", err)
	default:
		return fmt.Errorf("rebuild: %w; the live tables are as they were", err)
	}
}
