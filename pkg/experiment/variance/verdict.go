package variance

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"multiscale/pkg/kernel"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/mlmc"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// confidence is the confidence level of the verdict's intervals.
const confidence = 0.95

// timedRounds is how often each estimator is timed, after a first round that builds graphs.
const timedRounds = 5

// timed returns the seconds of one estimate with each of stages, by round. A round times all
// stages one after the other, so that other load on the machine affects them equally.
func timed(ctx context.Context, m *mlmc.Measurement, stages []mge.Stage) (rounds [][]float64, err error) {
	gradient := make([]float32, m.Parameters)
	for round := range 1 + timedRounds {
		seconds := make([]float64, len(stages))
		for i, s := range stages {
			start := time.Now()
			if _, err := m.Gradient(ctx, gradient, round, s); err != nil {
				return nil, err
			}
			seconds[i] = time.Since(start).Seconds()
		}
		if round > 0 {
			rounds = append(rounds, seconds)
		}
	}
	return rounds, nil
}

// factor is a ratio with a confidence interval.
type factor struct{ value, low, high float64 }

// factorOf returns a ratio with its t interval. relative is the standard error of the ratio's
// logarithm, with n-1 degrees of freedom.
func factorOf(value, relative float64, n int) factor {
	t := distuv.StudentsT{Sigma: 1, Nu: float64(max(n-1, 1))}.Quantile((1 + confidence) / 2)
	spread := math.Exp(t * relative)
	return factor{value, value / spread, value * spread}
}

// words says how many times less of something an estimator needs than single-scale training.
func (f factor) words(of, estimator string) string {
	interval := fmt.Sprintf("interval %s to %s", digits(f.low), digits(f.high))
	switch {
	case math.IsNaN(f.value):
		return fmt.Sprintf("%s: the %s is not known", estimator, of)
	case f.low > 1:
		return fmt.Sprintf("MGE needs %s times less %s for the same variance with %s; %s", digits(f.value), of, estimator, interval)
	case f.high < 1:
		return fmt.Sprintf("MGE does not pay with %s: it needs %s times more %s for the same variance; interval %s to %s",
			estimator, digits(1/f.value), of, digits(1/f.high), digits(1/f.low))
	}
	return fmt.Sprintf("MGE with %s cannot be told from single-scale: %s times less %s, %s", estimator, digits(f.value), of, interval)
}

// relative returns the standard error of the logarithm of the ratio of two measured variances,
// which are assumed to be independent.
func relative(a, b Estimate) float64 {
	return math.Hypot(a.MeasuredError/a.Measured, b.MeasuredError/b.Measured)
}

// work returns single-scale's work over an estimator's for the same variance, measured with n repetitions.
func work(single, e Estimate, n int) factor {
	return factorOf(single.Measured*single.WorkUnits/(e.Measured*e.WorkUnits), relative(single, e), n)
}

// timeOf returns single-scale's time over an estimator's for the same variance. It uses the median of the
// rounds' ratios, whose scatter widens the interval.
func timeOf(single, e Estimate, n int) factor {
	if len(e.Seconds) == 0 {
		return factor{math.NaN(), math.NaN(), math.NaN()}
	}
	var ratios, logs []float64
	for i, s := range e.Seconds {
		ratios = append(ratios, single.Seconds[i]/s)
		logs = append(logs, math.Log(single.Seconds[i]/s))
	}
	slices.Sort(ratios)
	scatter := stat.StdErr(stat.StdDev(logs, nil), float64(len(logs)))
	return factorOf(single.Measured/e.Measured*ratios[len(ratios)/2], math.Hypot(relative(single, e), scatter), n)
}

// flags returns the flags with which training uses an estimator.
func (s *study) flags(name string) string {
	text := fmt.Sprintf("-levels %d", s.Levels)
	if name == optimalName {
		text += " -allocation optimal"
	}
	return text
}

// verdict says in words whether MGE needs less work, and less time on this machine, than single-scale
// training.
func (s *study) verdict() string {
	var b strings.Builder
	b.WriteString("## Verdict\n\n")
	if s.Estimates == 0 {
		b.WriteString("None: -estimates 0 measures no estimator.\n")
		return b.String()
	}
	last := ""
	for _, r := range s.results {
		if r.Weights == last {
			continue // estimators are measured with the first case only
		}
		last = r.Weights
		fmt.Fprintf(&b, "Weights %s:\n\n", r.Weights)
		single := r.Estimates[0]
		for _, e := range r.Estimates[1:] {
			fmt.Fprintf(&b, "- At equal work: %s.\n", work(single, e, s.Estimates).words("work", s.flags(e.Name)))
			fmt.Fprintf(&b, "- At equal time: %s.\n", timeOf(single, e, s.Estimates).words("time", s.flags(e.Name)))
			if warning := s.disagreement(r, e); warning != "" {
				fmt.Fprintf(&b, "- **Warning:** %s.\n", warning)
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "Intervals of 95%%: t intervals of the logarithm, from the standard errors of %d repetitions, those of time also from %d rounds in which the estimators were timed in turn (medians). Times are of this machine: %d cores, kernel path %s.\n",
		s.Estimates, timedRounds, runtime.GOMAXPROCS(0), kernel.Path())
	return b.String()
}

// disagreement returns a warning if the variance that the terms predict differs from the measured one by more
// than both standard errors allow; else "".
func (s *study) disagreement(r Result, e Estimate) string {
	sum := 0.0 // of the terms' squared standard errors
	for i, l := range r.Levels[:min(len(r.Levels), len(e.Batches))] {
		off := l.Term.VarianceError / float64(e.Batches[i])
		sum += float64(off * off)
	}
	apart := math.Abs(math.Log(e.Predicted / e.Measured))
	bound := mathext.NormalQuantile((1+confidence)/2) * math.Hypot(math.Sqrt(sum)/e.Predicted, e.MeasuredError/e.Measured)
	if !(apart > bound) {
		return ""
	}
	return fmt.Sprintf("with %s a variance of %s is predicted and %s measured: more apart than their standard errors allow; trust the measurement, and give a larger -samples",
		s.flags(e.Name), digits(e.Predicted), digits(e.Measured))
}

// alike reports whether two restrictions are the same operator on images of the finest mesh. Bilinear
// interpolation by a factor of two, for example, is the average.
func alike(a, b mesh.Restriction, side int) bool {
	x := pixel.NewImages(1, 1, side, side)
	r := random.New(0).Child("alike")
	r.Normals(x.Data)
	y, z := pixel.NewImages(1, 1, side/2, side/2), pixel.NewImages(1, 1, side/2, side/2)
	a.Halve(y, x)
	b.Halve(z, x)
	return slices.Equal(y.Data, z.Data)
}

// earlier returns the result of an earlier case whose restriction has another name but is the same
// operator, so that nothing is measured twice.
func (s *study) earlier(c Case) (Result, bool) {
	for _, r := range s.results {
		if r.Weights == c.Weights && r.Degrade == c.Degrade && r.Coupling == c.Coupling && alike(r.Restriction, c.Restriction, s.Side) {
			r.Case = c
			return r, true
		}
	}
	return Result{}, false
}

// original returns the first restriction that is the same operator as a case's.
func (s *study) original(c Case) mesh.Restriction {
	i := slices.IndexFunc(s.Restrictions, func(o mesh.Restriction) bool { return alike(o, c.Restriction, s.Side) })
	return s.Restrictions[i]
}
