package mlmc

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"multiscale/pkg/elementary"
	"multiscale/pkg/kernel"
	"multiscale/pkg/random"
)

// Projections is the number of random projections: sums over every sixteenth
// entry, each projection over others, with fixed random signs. Their squares add
// up to the squared norm in the mean over signs (a count sketch; Charikar, Chen
// and Farach-Colton 2002).
const Projections = 16

// Accumulator takes vectors one by one, of which it keeps running sums in
// float64: the mean (Welford 1962), and a few numbers for each vector. Its
// results do not depend on the number of cores.
type Accumulator struct {
	count int
	mean  []float64
	// Of the m-th vector x: (m-1)/m |x-mean|^2 with the mean of those before,
	// of which each has the trace of the covariance as its expectation, and
	// <x,mean>, which has the squared norm of the expected vector.
	deviations, products []float64
	projections          [Projections][]float64

	signs random.Stream
	x     []float32
	parts []part
}

// part is what one chunk of a vector contributes.
type part struct {
	deviation, product float64
	projections        [Projections]float64
}

// NewAccumulator returns an empty accumulator of vectors of n entries.
func NewAccumulator(n int) *Accumulator {
	return &Accumulator{mean: make([]float64, n), signs: random.New(0).Child("projections"), parts: make([]part, (n+chunk-1)/chunk)}
}

// chunk is how many entries are worth handing to another core, and word the
// random signs that one number of a stream gives.
const (
	chunk = 1 << 14
	word  = 64
)

// Add takes a vector, which it does not keep.
func (a *Accumulator) Add(x []float32) {
	if len(x) != len(a.mean) {
		panic("mlmc: Add: vectors of different lengths")
	}
	a.count++
	a.x = x
	kernel.Run(len(a.parts), a)
	a.x = nil
	var sum part
	for _, p := range a.parts {
		sum.deviation += p.deviation
		sum.product += p.product
		for k, v := range p.projections {
			sum.projections[k] += v
		}
	}
	for k, v := range sum.projections {
		a.projections[k] = append(a.projections[k], v)
	}
	if m := float64(a.count); a.count > 1 {
		a.deviations = append(a.deviations, (m-1)/m*sum.deviation)
		a.products = append(a.products, sum.product)
	}
}

// Do implements kernel.Job.
func (a *Accumulator) Do(i int) {
	lo, hi := i*chunk, min((i+1)*chunk, len(a.x))
	share := 1 / float64(a.count)
	signs := a.signs
	signs.Skip(uint64(lo / word))
	var p part
	for ; lo < hi; lo += word {
		bits := signs.Uint64()
		end := min(lo+word, hi)
		mean := a.mean[lo:end]
		for j, v := range a.x[lo:end] {
			v, m := float64(v), mean[j]
			d := v - m
			p.deviation += float64(d * d)
			p.product += float64(v * m)
			mean[j] = m + float64(share*d)
			p.projections[j%Projections] += math.Float64frombits(math.Float64bits(v) ^ bits<<63)
			bits >>= 1
		}
	}
	a.parts[i] = p
}

// Moments are the statistics of gradients that are means over Samples samples
// each.
type Moments struct {
	Count   int // of gradients
	Samples int // in each
	// MeanSquare is an unbiased estimate of the squared norm of the expected
	// gradient, negative where it drowns in noise, and MeanSquareError its
	// standard error.
	MeanSquare, MeanSquareError float64
	// Variance is an unbiased estimate of the trace of the covariance of the
	// gradient of a single sample, and VarianceError its standard error.
	Variance, VarianceError float64
	// Kurtosis is the mean over the projections of their fourth central moment
	// over the squared second: 3 of a normal distribution. Standard errors of
	// variances grow with its root.
	Kurtosis float64
	// The projections' means, and the variances of these means.
	ProjectedMeans, ProjectedVariances [Projections]float64
}

// Moments returns the statistics of the vectors so far, each of which is the
// mean over the given number of samples; there must have been two at least.
func (a *Accumulator) Moments(samples int) Moments {
	m := Moments{Count: a.count, Samples: samples, Kurtosis: math.NaN()}
	n := float64(a.count)
	variance, spread := stat.MeanStdDev(a.deviations, nil)
	m.Variance, m.VarianceError = float64(samples)*variance, float64(samples)*stat.StdErr(spread, n-1)
	// The sum of all products of two different vectors, over their number.
	var pairs float64
	for i, p := range a.products {
		pairs += float64(float64(i+1) * p)
	}
	m.MeanSquare = 2 * pairs / (n * (n - 1))
	// The products vary at least as much as projections on the expected vector
	// do, whose mean counts twice in the square: an upper estimate.
	m.MeanSquareError = 2 * stat.StdErr(stat.StdDev(a.products, nil), n)
	var sum float64
	distinct := 0
	for k, p := range a.projections {
		mean, variance := stat.MeanVariance(p, nil)
		m.ProjectedMeans[k], m.ProjectedVariances[k] = mean, variance/n
		if second := stat.MomentAbout(2, p, mean, nil); second > 0 {
			sum += stat.MomentAbout(4, p, mean, nil) / (second * second)
			distinct++
		}
	}
	if distinct > 0 {
		m.Kurtosis = sum / float64(distinct)
	}
	return m
}

// Mean is the norm of the expected gradient, 0 where noise hides it.
func (m Moments) Mean() float64 { return math.Sqrt(max(m.MeanSquare, 0)) }

// Resolved reports whether the expected gradient stands out of the noise, by two
// standard errors.
func (m Moments) Resolved() bool { return m.MeanSquare > 2*m.MeanSquareError }

// Second is the mean squared norm of a single sample's gradient, and its
// standard error.
func (m Moments) Second() (value, err float64) {
	return m.Variance + m.MeanSquare, elementary.Hypot(m.VarianceError, m.MeanSquareError)
}

// Consistency compares the means of one quantity that two levels estimate from
// samples of their own: of the difference between a mesh and the next coarser
// one, of the finer mesh alone (with the samples of the difference), and of the
// coarser mesh alone, a + b - c in units of three standard deviations (Giles 2015,
// section 3.2). It returns the largest value of all projections: above 1, the two
// are not the same.
func Consistency(difference, fine, coarse Moments) float64 {
	worst := 0.0
	for k := range Projections {
		off := math.Abs(coarse.ProjectedMeans[k] + difference.ProjectedMeans[k] - fine.ProjectedMeans[k])
		tolerance := 3 * (math.Sqrt(coarse.ProjectedVariances[k]) + math.Sqrt(difference.ProjectedVariances[k]) + math.Sqrt(fine.ProjectedVariances[k]))
		if off > 0 { // 0/0 of entries that have no gradient
			worst = max(worst, off/tolerance)
		}
	}
	return worst
}
