package mlmc

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"multiscale/pkg/elementary"
)

// Rate is a slope of log2 of a quantity over the level, with an interval that contains it with
// probability 0.95. All three are NaN if there are fewer than two points.
type Rate struct {
	Value, Low, High float64
	Points           int
}

// point is a positive quantity on the mesh of a level, with its standard error, which is 0 if it
// is exact or unknown.
type point struct{ level, value, err float64 }

// confidence is the probability of the intervals.
const confidence = 0.95

// fit is the weighted linear regression of log2(value) on level. The interval is the wider one of
// two: the one from the points' own errors, and, for three points or more, the one from their
// residuals (Student's t).
func fit(points []point) Rate {
	r := Rate{math.NaN(), math.NaN(), math.NaN(), len(points)}
	if len(points) < 2 {
		return r
	}
	var x, y, weights []float64
	known := true
	for _, p := range points {
		sigma := p.err / (p.value * math.Ln2)
		known = known && sigma > 0
		x, y, weights = append(x, p.level), append(y, elementary.Log2(p.value)), append(weights, 1/(sigma*sigma))
	}
	if !known {
		weights = nil
	}
	intercept, slope := stat.LinearRegression(x, y, weights, false)
	centre := stat.Mean(x, weights)
	var spread, residual float64 // sums of squares
	for i := range x {
		w := 1.0
		if known {
			w = weights[i]
		}
		spread += float64(w * (x[i] - centre) * (x[i] - centre))
		off := y[i] - intercept - float64(slope*x[i])
		residual += float64(w * off * off)
	}
	half := 0.0
	if known {
		half = distuv.UnitNormal.Quantile((1+confidence)/2) / math.Sqrt(spread)
	}
	if free := float64(len(x) - 2); free > 0 {
		student := distuv.StudentsT{Sigma: 1, Nu: free}
		half = max(half, student.Quantile((1+confidence)/2)*math.Sqrt(residual/free/spread))
	}
	r.Value, r.Low, r.High = slope, slope-half, slope+half
	return r
}

// Rates are the exponents of theorem 2.1 of Giles 2015, for meshes that are coarsened by a factor
// of two. With the level l counted from the finest mesh,
//
//	|E[g^{2^l h} - g^{2^{l+1} h}]| ~ 2^(Alpha l)
//	Var[g^{2^l h} - g^{2^{l+1} h}] ~ 2^(Beta l)
//	cost of a sample of the term   ~ 2^(-Gamma l)
//
// P is the exponent of the paper's bound |g^h - g^{2h}| <= B h^p, for the mean square:
//
//	E|g^{2^l h} - g^{2^{l+1} h}|^2 ~ 2^(2 P l)
type Rates struct {
	Alpha, Beta, Gamma, P Rate
	Seconds               Rate // Gamma in measured seconds
}

// Rates fits the rates to the differences of levels. It leaves out means that are not Resolved, and
// quantities that are not positive.
func (l Levels) Rates() Rates {
	var means, variances, costs, seconds, norms []point
	for _, v := range l[:len(l)-1] {
		at, d := float64(v.Level), v.Term
		if d.Resolved() {
			means = append(means, point{at, d.Mean(), d.MeanSquareError / (2 * d.Mean())})
		}
		if d.Variance > 0 {
			variances = append(variances, point{at, d.Variance, d.VarianceError})
		}
		if second, err := d.Second(); second > 0 {
			root := math.Sqrt(second)
			norms = append(norms, point{at, root, err / (2 * root)})
		}
		costs = append(costs, point{at, v.WorkUnits, 0})
		if v.Seconds > 0 {
			seconds = append(seconds, point{at, v.Seconds, 0})
		}
	}
	r := Rates{Alpha: fit(means), Beta: fit(variances), Gamma: fit(costs), P: fit(norms), Seconds: fit(seconds)}
	r.Gamma, r.Seconds = r.Gamma.negative(), r.Seconds.negative()
	return r
}

func (r Rate) negative() Rate {
	r.Value, r.Low, r.High = -r.Value, -r.High, -r.Low
	return r
}
