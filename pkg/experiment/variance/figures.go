package variance

import (
	"fmt"
	"io"
	"math"
	"slices"

	"multiscale/pkg/experiment/plot"
	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mlmc"
	"multiscale/pkg/task"
)

// quantity is the quantity that a figure shows for every level.
type quantity struct {
	y     string
	log2  bool
	rules []float64
	// term is drawn with full lines, single with dashes, unless it is nil.
	term, single func(mlmc.Level) float64
	// differences leaves out the term of the coarsest mesh, which is not a difference but the gradient itself.
	differences bool
}

// figures returns the figures of the report by file name, each as a function that
// writes it.
func (s *study) figures() map[string]func(io.Writer) error {
	quantities := map[string]quantity{
		MeansFigure: {"norm of the mean", true, nil,
			func(l mlmc.Level) float64 { return resolved(l.Term) }, func(l mlmc.Level) float64 { return resolved(l.Single) }, true},
		VariancesFigure: {"variance", true, nil,
			func(l mlmc.Level) float64 { return l.Term.Variance }, func(l mlmc.Level) float64 { return l.Single.Variance }, true},
		KurtosisFigure: {"kurtosis", false, []float64{3},
			func(l mlmc.Level) float64 { return l.Term.Kurtosis }, func(l mlmc.Level) float64 { return l.Single.Kurtosis }, true},
		ConsistencyFigure: {"consistency", false, []float64{0, 1}, func(l mlmc.Level) float64 { return l.Consistency }, nil, true},
		CostFigure:        {"work units a sample", true, nil, func(l mlmc.Level) float64 { return l.WorkUnits }, nil, false},
		SecondsFigure:     {"seconds a sample", true, nil, func(l mlmc.Level) float64 { return l.Seconds }, nil, false},
	}
	figures := make(map[string]func(io.Writer) error)
	for name, q := range quantities {
		figures[name] = func(w io.Writer) error { return plot.Levels(w, s.panels(q)) }
	}
	return figures
}

// resolved returns the norm of a mean, or NaN if it cannot be distinguished from noise.
func resolved(m mlmc.Moments) float64 {
	if m.Resolved() {
		return m.Mean()
	}
	return math.NaN()
}

// panels returns a row of panels for each set of weights. A row has a panel for each
// way to degrade, in which each restriction has its own colour.
func (s *study) panels(q quantity) (rows [][]plot.Diagram) {
	type place struct {
		weights string
		degrade task.Degradation
	}
	at := map[place]*plot.Diagram{}
	for _, r := range s.results {
		p := at[place{r.Weights, r.Degrade}]
		if p == nil {
			if r.Degrade == s.Degradations[0] {
				rows = append(rows, make([]plot.Diagram, 0, len(s.Degradations)))
			}
			row := &rows[len(rows)-1]
			*row = append(*row, plot.Diagram{
				Title: fmt.Sprintf("%s, weights %s, degraded on %s", s.Task.Name, r.Weights, degraded(r.Degrade)),
				Y:     q.y, Log2: q.log2, Rules: q.rules,
			})
			p = &(*row)[len(*row)-1]
			at[place{r.Weights, r.Degrade}] = p
		}
		look := slices.IndexFunc(s.Restrictions, func(o mesh.Restriction) bool { return o.Name() == r.Restriction.Name() })
		terms := r.Levels
		if q.differences {
			terms = terms[:len(terms)-1]
		}
		series := r.Restriction.Name()
		if r.Coupling != s.Couplings[0] { // the first case, measured again with shared masks
			series, look = series+", shared masks", len(s.Restrictions)
		}
		name := series
		if q.single != nil {
			name += ", difference"
		}
		p.Curves = append(p.Curves, plot.Curve{Name: name, Look: look, Values: lists.Of(terms, q.term)})
		if q.single != nil {
			p.Curves = append(p.Curves, plot.Curve{Name: series + ", one mesh", Look: look, Dashed: true, Values: lists.Of(r.Levels, q.single)})
		}
	}
	return rows
}
