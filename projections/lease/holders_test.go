package lease_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections/lease"
)

// Each unit has one owner among any holders. A holder that joins or leaves moves only its own units. Each holder's number
// of units is within a few standard deviations of its share.
func TestAJoinOrALeaveMovesOnlyTheHoldersOwnUnits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		holders := rapid.SliceOfNDistinct(rapid.String(), 1, 8, rapid.ID).Draw(t, "holders")
		joining := rapid.String().Filter(func(h string) bool { return !slices.Contains(holders, h) }).Draw(t, "joining")
		const tenants = 1000
		owned := map[string]int{}
		for n := range tenants {
			unit := lease.Key{Projection: "diary", Tenant: domain.Tenant(fmt.Sprint("t", n))}
			before := lease.Owner(holders, unit)
			require.Contains(t, holders, before)
			owned[before]++
			reversed := slices.Clone(holders)
			slices.Reverse(reversed)
			require.Equal(t, before, lease.Owner(reversed, unit), "whatever the order")
			if after := lease.Owner(append(reversed, joining), unit); after != before {
				require.Equal(t, joining, after)
			}
		}
		for _, holder := range holders {
			require.InDelta(t, float64(tenants)/float64(len(holders)), float64(owned[holder]), 110)
		}
	})
}
