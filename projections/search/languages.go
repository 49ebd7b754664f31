package search

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/projections/generation"
)

// EveryTenant stands for the tenants that have no languages of their own.
const EveryTenant domain.Tenant = ""

// InLanguages returns a rebuild.Config.Settings with which the new tables have the texts of a tenant in other languages. It returns
// their codes too, and the error of lexicon.New. A rebuild for EveryTenant must be one of all tenants.
func InLanguages(tenant domain.Tenant, languages []string) (set func(context.Context, pgx.Tx, generation.Generation) error, codes []string, err error) {
	words, err := lexicon.New(languages...)
	if err != nil {
		return nil, nil, err
	}
	codes = words.Languages()
	return func(ctx context.Context, tx pgx.Tx, g generation.Generation) error {
		_, err := tx.Exec(ctx, fmt.Sprintf(setLanguages, g.Table("search_languages")), tenant, strings.Join(codes, ","))
		if err != nil {
			return fmt.Errorf("set the languages: %w", err)
		}
		return nil
	}, codes, nil
}

// (%s: the table)
const setLanguages = `
insert into %s (tenant_id, languages)
values ($1, $2)
on conflict (tenant_id) do update
   set languages = excluded.languages`

// TenantLanguages are the languages of a tenant, or of EveryTenant.
type TenantLanguages struct {
	Tenant    domain.Tenant `json:"tenant"`
	Languages []string      `json:"languages"`
}

// ReadLanguages returns the languages of EveryTenant and then those of each tenant that has its own, in the order of their names.
func ReadLanguages(ctx context.Context, pool *pgxpool.Pool) ([]TenantLanguages, error) {
	rows, _ := pool.Query(ctx, `select tenant_id, languages from search_languages order by tenant_id collate "C"`) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t TenantLanguages, err error) {
		var languages string
		err = row.Scan(&t.Tenant, &languages)
		t.Languages = strings.Split(languages, ",")
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the languages: %w", err)
	}
	if len(all) == 0 || all[0].Tenant != EveryTenant {
		all = append([]TenantLanguages{{EveryTenant, lexicon.Default().Languages()}}, all...)
	}
	return all, nil
}
