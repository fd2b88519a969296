package variance

import (
	"context"
	"fmt"
	"io"
	"strings"

	"multiscale/pkg/allocation"
	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/mge"
	"multiscale/pkg/model"
	"multiscale/pkg/param"
)

// Control is an estimator whose coefficients and batches were chosen with one set of samples, and its
// variance by another set.
type Control struct {
	Coefficients mge.Coefficients
	Allocated    bool // batches and meshes are chosen; otherwise batches double
	Stage        mge.Stage
	// Ratio is the variance over that of single-scale at equal cost, with each entry of the gradient
	// divided by the root of its second moment, as Adam does.
	Ratio float64
}

// controlMeasurements is how often the terms are measured for the controls: once to choose, once to judge.
const controlMeasurements = 2

// controlWork returns the work units of the controls of the first case with the weights w.
func (s *study) controlWork(w *experiment.Weights, terms float64) float64 {
	if secondMoment(w) != nil {
		return controlMeasurements * terms
	}
	return float64(s.Samples) + controlMeasurements*terms
}

// secondMoment returns the second moment of the training that made w; nil if it is not known.
func secondMoment(w *experiment.Weights) []float32 {
	if w == nil {
		return nil
	}
	return w.SecondMoment
}

// controls compares the choices of coefficients and batches at equal cost. All of them use the same second
// moment: that of the training that made the weights, or, if second is nil, that of single samples on the
// finest mesh. Each of the three has its own samples: that second moment, the choice, and its judgement.
func (s *study) controls(ctx context.Context, m *model.Model, second []float32, c Case) ([]Control, error) {
	if second == nil {
		var err error
		if second, err = s.measurement(m, c, "second moment", s.Samples).SecondMoment(ctx); err != nil {
			return nil, fmt.Errorf("second moment: %w", err)
		}
	}
	layers := param.Layers(m.Params.Groups())
	choose, halves, err := s.measurement(m, c, "choice", s.Samples).Covariances(ctx, layers, second)
	if err != nil {
		return nil, err
	}
	judge, _, err := s.measurement(m, c, "judgement", s.Samples).Covariances(ctx, layers, second)
	if err != nil {
		return nil, err
	}
	paper := s.fixed(s.Levels)
	single := mge.Variance(judge[:1], mge.Stage{Batches: []int{1}}, nil) / paper.WorkUnits()
	var all []Control
	for _, choice := range mge.AllCoefficients() {
		for _, allocated := range []bool{false, true} {
			by, stage := allocation.Controlled{Choice: choice, Covariances: choose, Halves: halves}, paper
			if allocated {
				stage = by.Allocate(paper)
			}
			v := mge.Variance(judge[:len(stage.Batches)], stage, by.Best(stage))
			all = append(all, Control{choice, allocated, stage, v / single * stage.WorkUnits() / paper.WorkUnits()})
		}
	}
	return all, nil
}

func (c Control) batches() string {
	if c.Allocated {
		return "allocated"
	}
	return "doubling"
}

func (s *study) writeControls(w io.Writer) error {
	return s.write(w, []string{"coefficients", "allocation", "batches", "work_units", "coarse_share", "variance_ratio"}, func(r Result) (rows [][]string) {
		for _, c := range r.Controls {
			rows = append(rows, []string{
				c.Coefficients.String(), c.batches(), joined(c.Stage.Batches), table.Exact(c.Stage.WorkUnits()),
				table.Exact(allocation.CoarseShare(c.Stage)), table.Exact(c.Ratio),
			})
		}
		return rows
	})
}

// controlTable writes the table of a case's controls.
func (s *study) controlTable(b *strings.Builder, r Result) {
	if len(r.Controls) == 0 {
		return
	}
	moment := "the mean square of gradients of single samples on the finest mesh"
	if r.SecondMoment {
		moment = "the second moment of the training that made the weights"
	}
	fmt.Fprintf(b, "\nCoefficients, in the norm of Adam with %s (variance over single-scale's at equal work, below 1 is better; coarse: share of the work on coarser meshes):\n\n", moment)
	rows := [][]string{{"coefficients", "batches", "", "coarse", "variance ratio"}}
	for _, c := range r.Controls {
		rows = append(rows, []string{c.Coefficients.String(), c.batches(), joined(c.Stage.Batches), digits(allocation.CoarseShare(c.Stage)), digits(c.Ratio)})
	}
	b.WriteString(table.Aligned(rows, 3))
}
