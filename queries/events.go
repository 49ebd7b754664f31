package queries

import (
	"encoding/json"
	"time"

	"github.com/auren-memory/auren/queries/filter"
)

// EventFilters checks filters of events, in the grammar of package filter, and returns them as conditions for
// eventstore.Filter.Where.
func EventFilters(filters json.RawMessage) (func(arguments *[]any) []string, error) {
	where, err := filter.OfEvents(filters)
	if err != nil {
		return nil, err
	}
	return func(arguments *[]any) []string {
		args := filter.Args(*arguments)
		conditions := where.SQL(filter.EventColumns, time.Time{}, &args)
		*arguments = args
		return conditions
	}, nil
}
