package mlmc_test

import (
	"math"
	"runtime"
	"testing"

	"multiscale/pkg/mlmc"
	"multiscale/pkg/random"
)

// rounding bounds relative differences of two ways to sum in float64.
const rounding = 1e-12

func close(a, b float64) bool { return math.Abs(a-b) <= rounding*max(math.Abs(a), math.Abs(b), 1e-300) }

// vectors returns m vectors of n entries. Their mean is large compared with their spread.
func vectors(m, n int) [][]float32 {
	list := make([][]float32, m)
	for i := range list {
		r := random.New(5, uint64(i))
		list[i] = make([]float32, n)
		r.Normals(list[i])
		for j := range list[i] {
			list[i][j] = list[i][j]*float32(1+j%3) + 7
		}
	}
	return list
}

// TestMoments compares running sums with their definitions.
func TestMoments(t *testing.T) {
	const m, n, samples = 9, 40_001, 4 // several chunks, and an uneven end
	x := vectors(m, n)
	a := mlmc.NewAccumulator(n)
	for _, v := range x {
		a.Add(v)
	}
	got := a.Moments(samples)

	var variance, meanSquare float64
	for j := range n {
		mean, sum := 0.0, 0.0
		for i := range m {
			mean += float64(x[i][j]) / m
		}
		for i := range m {
			sum += math.Pow(float64(x[i][j])-mean, 2)
		}
		variance += sum / (m - 1)
		meanSquare += mean * mean
	}
	if want := samples * variance; !close(got.Variance, want) {
		t.Errorf("variance %v, want %v", got.Variance, want)
	}
	if want := meanSquare - variance/m; !close(got.MeanSquare, want) {
		t.Errorf("squared mean %v, want %v", got.MeanSquare, want)
	}
	if got.Mean() != math.Sqrt(got.MeanSquare) || !got.Resolved() {
		t.Errorf("the mean of %v is not seen", got.Mean())
	}
	if second, _ := got.Second(); second != got.Variance+got.MeanSquare {
		t.Errorf("second moment %v", second)
	}
	if got.Count != m || got.Samples != samples {
		t.Errorf("%d gradients of %d samples", got.Count, got.Samples)
	}
}

// TestErrors: over many repetitions, estimates scatter around the true values in accordance with their
// standard errors.
func TestErrors(t *testing.T) {
	const n, m, repetitions = 300, 20, 400
	const mean = 0.3 // of every entry, with standard deviation 1
	var variance, varianceError, square, squareError [repetitions]float64
	for r := range repetitions {
		a := mlmc.NewAccumulator(n)
		for i := range m {
			s := random.New(uint64(r), uint64(i))
			x := make([]float32, n)
			s.Normals(x)
			for j := range x {
				x[j] += mean
			}
			a.Add(x)
		}
		got := a.Moments(1)
		variance[r], varianceError[r] = got.Variance, got.VarianceError
		square[r], squareError[r] = got.MeanSquare, got.MeanSquareError
	}
	check := func(what string, values, errors [repetitions]float64, want, low, high float64) {
		average, spread, stated := 0.0, 0.0, 0.0
		for r := range repetitions {
			average += values[r] / repetitions
			stated += errors[r] / repetitions
		}
		for r := range repetitions {
			spread += math.Pow(values[r]-average, 2) / (repetitions - 1)
		}
		spread = math.Sqrt(spread)
		if off := math.Abs(average-want) / (spread / math.Sqrt(repetitions)); off > 4 {
			t.Errorf("%s: %v on average, want %v: %.1f standard errors off", what, average, want, off)
		}
		if ratio := stated / spread; ratio < low || ratio > high {
			t.Errorf("%s: a standard error of %v is stated, %v found", what, stated, spread)
		}
	}
	check("variance", variance, varianceError, n, 0.9, 1.1)
	check("squared mean", square, squareError, n*mean*mean, 0.9, 2) // an upper estimate
}

// TestKurtosis: the kurtosis is 3 for normal entries, and larger if the length of vectors varies.
func TestKurtosis(t *testing.T) {
	for name, tc := range map[string]struct {
		scale     func(r *random.Stream) float32
		low, high float64
	}{
		"normal":         {func(*random.Stream) float32 { return 1 }, 2.8, 3.2},
		"heavy":          {func(r *random.Stream) float32 { return r.Normal() }, 8, 10}, // 3 times E[s^4]/E[s^2]^2 = 3
		"not of numbers": {func(*random.Stream) float32 { return 0 }, math.NaN(), 0},
	} {
		a := mlmc.NewAccumulator(160)
		x := make([]float32, 160)
		for i := range 4000 {
			r := random.New(1, uint64(i))
			r.Normals(x)
			s := tc.scale(&r)
			for j := range x {
				x[j] *= s
			}
			a.Add(x)
		}
		got := a.Moments(1).Kurtosis
		if math.IsNaN(tc.low) != math.IsNaN(got) || got < tc.low || got > tc.high {
			t.Errorf("%s: kurtosis %v, want %v to %v", name, got, tc.low, tc.high)
		}
	}
}

// TestProjections: the variances of the projections add up to the trace of the covariance matrix. If
// entries are independent, this holds for fixed signs, too.
func TestProjections(t *testing.T) {
	a := mlmc.NewAccumulator(5000)
	for _, v := range vectors(400, 5000) {
		a.Add(v)
	}
	m := a.Moments(1)
	sum := 0.0
	for _, v := range m.ProjectedVariances {
		sum += v * float64(m.Count)
	}
	if ratio := sum / m.Variance; ratio < 0.9 || ratio > 1.1 {
		t.Errorf("projections have %v of the variance", ratio)
	}
}

func TestSameOnAnyCores(t *testing.T) {
	x := vectors(4, 100_000)
	of := func(cores int) mlmc.Moments {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		a := mlmc.NewAccumulator(len(x[0]))
		for _, v := range x {
			a.Add(v)
		}
		return a.Moments(1)
	}
	if one, four := of(1), of(4); one != four {
		t.Errorf("%+v on one core, %+v on four", one, four)
	}
}
