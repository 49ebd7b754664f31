package measure

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSpread(t *testing.T) {
	t.Parallel()
	require.Equal(t, Spread{}, spreadOf(nil))
	require.Equal(t, Spread{Median: 7, Min: 7, Max: 7}, spreadOf([]float64{7}))
	require.Equal(t, Spread{Median: 2, Min: 1, Max: 9}, spreadOf([]float64{9, 1, 2}))
	values := []float64{4, 1, 3, 2}
	require.Equal(t, Spread{Median: 2.5, Min: 1, Max: 4}, spreadOf(values))
	require.Equal(t, []float64{4, 1, 3, 2}, values, "left as they were")
}

func TestPercentileIsTheSmallestThatTheShareDoesNotExceed(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	require.EqualValues(t, 50, percentile(hundred, 0.5))
	require.EqualValues(t, 99, percentile(hundred, 0.99))
	require.EqualValues(t, 100, percentile(hundred, 1))
	require.EqualValues(t, 1, percentile(hundred[:1], 0.01))
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		share := rapid.Float64Range(0.001, 1).Draw(t, "share")
		values := make([]time.Duration, n)
		for i := range values {
			values[i] = time.Duration(i + 1)
		}
		rank := int(percentile(values, share))
		require.GreaterOrEqual(t, float64(rank), share*float64(n))
		require.Less(t, float64(rank-1), share*float64(n))
	})
}

func TestRatiosAreTakenWithinARound(t *testing.T) {
	t.Parallel()
	require.Equal(t, []float64{2, 0.5}, ratios([]float64{20, 5}, []float64{10, 10}))
	require.Equal(t, []float64{3}, ratios([]float64{0, 6, 1}, []float64{1, 2, 0}), "a round without a figure is left out")

	// The machine is ten times slower in the second and third round; the side stays at twice the floor.
	floor, ours := figures{}, figures{}
	for _, slow := range []time.Duration{1, 10, 10} {
		floor.add(Sample{Count: 100, Took: slow * time.Second, Latencies: []time.Duration{10 * slow * time.Millisecond}})
		ours.add(Sample{Count: 200, Took: slow * time.Second, Latencies: []time.Duration{5 * slow * time.Millisecond}, fixed: true})
	}
	r := Result{Case: "c"}.summarize([]Task{{name: "bare", floor: true}, {name: "ours"}}, []figures{floor, ours})
	require.Empty(t, r.Sides[0].Ratios)
	require.Nil(t, r.Sides[0].Took)
	require.Equal(t, Spread{Median: 10, Min: 10, Max: 100}, r.Sides[0].PerSecond)
	require.Equal(t, &Spread{Median: 10000, Min: 1000, Max: 10000}, r.Sides[1].Took)
	require.Equal(t, &Spread{Median: 50, Min: 5, Max: 50}, r.Sides[1].P50)
	require.Equal(t, []Ratio{{
		Floor: "bare", PerSecond: Spread{2, 2, 2}, P50: &Spread{0.5, 0.5, 0.5}, P99: &Spread{0.5, 0.5, 0.5},
	}}, r.Sides[1].Ratios)
}

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
