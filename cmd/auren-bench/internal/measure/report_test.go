package measure

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func sampleReport() *Report {
	r := &Report{}
	for _, at := range []int{1, 100} {
		r.Results = append(r.Results, Result{Scenario: "append", Case: "clients", Axis: "clients", At: at, Sides: []Side{
			{Name: "bare <INSERT>", Floor: true, Unit: "events", PerSecond: Spread{1234.5, 1000, 2000}, P50: &Spread{Median: 1}, P99: &Spread{Median: float64(at)}},
			{Name: "second", Floor: true, Unit: "events", PerSecond: Spread{600, 500, 700}},
			{Name: "store", Unit: "events", PerSecond: Spread{2469, 2000, 4000}, P99: &Spread{Median: 2 * float64(at)}, Ratios: []Ratio{
				{Floor: "bare <INSERT>", PerSecond: Spread{2, 2, 2}, P99: &Spread{Median: 0.5}}, {Floor: "second", PerSecond: Spread{4, 4, 4}}}},
		}})
	}
	return r
}

func TestTheTableComparesEachSideWithItsFloors(t *testing.T) {
	t.Parallel()
	sections := sampleReport().Sections()
	require.Len(t, sections, 1)
	require.Equal(t, "append", sections[0].Title)
	rows := sections[0].Rows
	require.Len(t, rows, 7)
	require.Equal(t, "events/s", rows[0][2])
	require.Equal(t, []string{"clients", "▁ bare <INSERT>", "1,235", "1,000 – 2,000", "", "", "1.00", "1.00", ""}, rows[1])
	require.Equal(t, []string{"", "  store", "2,469", "2,000 – 4,000", "2.00", "4.00", "", "2.00", "0.50"}, rows[3])
	for _, row := range rows {
		require.Len(t, row, 9, "columns in which nothing stands are left out")
	}
}

func TestFiguresHaveAboutThreeDigits(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{0: "0.00", 0.123: "0.12", 12.34: "12.3", 123.4: "123", 999.7: "1000", 1000: "1,000", 1234567.8: "1,234,568"} {
		require.Equal(t, want, figure3(value))
	}
}
