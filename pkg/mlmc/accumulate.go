package mlmc

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"multiscale/pkg/elementary"
	"multiscale/pkg/kernel"
	"multiscale/pkg/random"
)

// Projections is the number of random projections. Projection k is the sum of the entries k,
// k+16, k+32, ..., with fixed random signs. The expectation over the signs of the sum of their
// squares is the squared norm (a count sketch; Charikar, Chen and Farach-Colton 2002).
const Projections = 16

// Accumulator takes vectors one by one and keeps running sums in float64: the mean (Welford
// 1962), and a few numbers for each vector. Its results do not depend on the number of cores.
type Accumulator struct {
	count int
	mean  []float64
	// For the m-th vector x, from the second on, and the mean of all vectors before it:
	deviations []float64 // (m-1)/m |x-mean|^2, whose expectation is the trace of the covariance
	products   []float64 // <x,mean>, whose expectation is the squared norm of the expected vector

	projections [Projections][]float64 // of each vector

	signs random.Stream
	x     []float32
	parts []part
}

// part is the contribution of one chunk of a vector.
type part struct {
	deviation, product float64
	projections        [Projections]float64
}

// NewAccumulator returns an empty accumulator of vectors of n entries.
func NewAccumulator(n int) *Accumulator {
	return &Accumulator{mean: make([]float64, n), signs: random.New(0).Child("projections"), parts: make([]part, (n+chunk-1)/chunk)}
}

const (
	chunk = 1 << 14 // a number of entries that is worth the cost of handing them to another core
	word  = 64      // the number of random signs in one number of a stream
)

// Add includes a vector in the sums. It does not keep x. It panics if x has the wrong length.
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

// Moments are statistics of gradients, each of which is a mean over Samples samples.
type Moments struct {
	Count   int // number of gradients
	Samples int // number of samples of each
	// MeanSquare is an unbiased estimate of the squared norm of the expected gradient. It may be
	// negative if noise dominates. MeanSquareError is its standard error.
	MeanSquare, MeanSquareError float64
	// Variance is an unbiased estimate of the trace of the covariance matrix of the gradient of a
	// single sample. VarianceError is its standard error.
	Variance, VarianceError float64
	// Kurtosis is the mean over the projections of the fourth central moment divided by the
	// square of the second. It is 3 for a normal distribution. Standard errors of variances
	// increase with its root.
	Kurtosis float64
	// The projections' means, and the variances of these means.
	ProjectedMeans, ProjectedVariances [Projections]float64
}

// Moments returns statistics of the vectors so far, at least two. Each vector is the mean over the
// given number of samples.
func (a *Accumulator) Moments(samples int) Moments {
	m := Moments{Count: a.count, Samples: samples, Kurtosis: math.NaN()}
	n := float64(a.count)
	variance, spread := stat.MeanStdDev(a.deviations, nil)
	m.Variance, m.VarianceError = float64(samples)*variance, float64(samples)*stat.StdErr(spread, n-1)
	// MeanSquare is the mean product of two different vectors.
	var pairs float64
	for i, p := range a.products {
		pairs += float64(float64(i+1) * p)
	}
	m.MeanSquare = 2 * pairs / (n * (n - 1))
	// This is an upper estimate. The products vary at least as much as projections on the expected
	// vector, and the error of the mean of these counts twice in the square.
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

// Mean is an estimate of the norm of the expected gradient. It is 0 if MeanSquare is negative.
func (m Moments) Mean() float64 { return math.Sqrt(max(m.MeanSquare, 0)) }

// Resolved reports whether MeanSquare exceeds two standard errors, so that the expected gradient
// stands out from the noise.
func (m Moments) Resolved() bool { return m.MeanSquare > 2*m.MeanSquareError }

// Second is the mean squared norm of a single sample's gradient, with its standard error.
func (m Moments) Second() (value, err float64) {
	return m.Variance + m.MeanSquare, elementary.Hypot(m.VarianceError, m.MeanSquareError)
}

// Consistency compares two estimates of the mean on a mesh (Giles 2015, section 3.2). With a the
// mean on the coarser mesh, b the mean of the difference, and c the mean on the finer mesh, it
// computes |a+b-c| in units of three standard deviations, and returns the largest value of all
// projections. A value above 1 means that the sum does not telescope. fine and difference may have
// the same samples.
func Consistency(difference, fine, coarse Moments) float64 {
	worst := 0.0
	for k := range Projections {
		off := math.Abs(coarse.ProjectedMeans[k] + difference.ProjectedMeans[k] - fine.ProjectedMeans[k])
		tolerance := 3 * (math.Sqrt(coarse.ProjectedVariances[k]) + math.Sqrt(difference.ProjectedVariances[k]) + math.Sqrt(fine.ProjectedVariances[k]))
		if off > 0 { // avoids 0/0 for entries without a gradient
			worst = max(worst, off/tolerance)
		}
	}
	return worst
}
