package variance

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"multiscale/pkg/experiment"
	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/experiment/table"
	"multiscale/pkg/experiment/trial"
	"multiscale/pkg/kernel"
	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/mlmc"
	"multiscale/pkg/task"
)

// The files of a report. Equal flags give equal bytes, except in the files of
// seconds, in the verdict, and in run.json, which names machine and version.
const (
	ReportFile        = "report.md"
	VerdictFile       = "verdict.md" // in words, with times
	LevelsFile        = "levels.csv"
	RatesFile         = "rates.csv"
	EstimatesFile     = "estimates.csv"
	ControlsFile      = "coefficients.csv"
	SecondsFile       = "seconds.csv"
	MeansFigure       = "means.png"
	VariancesFigure   = "variances.png"
	KurtosisFigure    = "kurtosis.png"
	ConsistencyFigure = "consistency.png"
	CostFigure        = "cost.png"
	SecondsFigure     = "seconds.png"
)

// report writes the files and prints the report.
func (s *study) report(out io.Writer) error {
	text, verdict := s.markdown(), s.verdict()
	files := []trial.File{
		{Name: runfolder.RecordFile, Write: s.record().Write},
		{Name: LevelsFile, Write: s.writeLevels},
		{Name: RatesFile, Write: s.writeRates},
		{Name: EstimatesFile, Write: s.writeEstimates},
		{Name: ControlsFile, Write: s.writeControls},
		{Name: SecondsFile, Write: s.writeSeconds},
		trial.Text(ReportFile, text),
		trial.Text(VerdictFile, verdict),
	}
	for name, draw := range s.figures() {
		files = append(files, trial.File{Name: name, Write: draw})
	}
	return trial.Report(s.Out, out, text+verdict+"\n", files...)
}

// record returns the content of run.json.
func (s *study) record() runfolder.Record {
	configuration := map[string]any{
		"task": s.Task.Name, "profile": s.Profile.Name, "network": s.NetworkText(), "data": s.Data.Name, "side": s.Side, "levels": s.Levels,
		"batch": s.Batch, "seed": s.Seeds[0], "samples": s.Samples, "estimates": s.Estimates, "restriction": lists.Of(s.Restrictions, mesh.Restriction.Name),
		"degrade": lists.Of(s.Degradations, task.Degradation.String), "dropout-coupling": lists.Of(s.Couplings, mge.Coupling.String), "conv": s.Conv.String(), "data_digest": s.set.Digest, "kernel_path": kernel.Path(),
	}
	var digests []string
	for _, w := range s.weights {
		digest := initialWeights
		if w != nil {
			digest = w.Digest
		}
		digests = append(digests, digest)
	}
	configuration["init_digests"] = digests
	flags := map[string]any{"root": s.Root, "validation": s.Validation, "init": s.Weights, "out": s.Out, "memory": s.Memory}
	return runfolder.Record{Configuration: configuration, Flags: flags, Environment: experiment.Environment()}
}

// markdown returns the report as Markdown.
func (s *study) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Gradient estimator: %s, %s on %s, %s profile\n\n", s.Task.Name, s.NetworkText(), s.set.Name, s.Profile.Name)
	fmt.Fprintf(&b, "%d parameters, finest mesh %dx%d, %d coarser; %d gradients of single samples for each term, seed %d.\n",
		s.parameters, s.Side, s.Side, s.Levels, s.Samples, s.Seeds[0])
	var last string
	for _, r := range s.results {
		if r.Weights != last {
			last = r.Weights
			fmt.Fprintf(&b, "\n## Weights: %s\n", r.Weights)
			s.writeTerms(&b, r)
			s.writeEstimators(&b, r)
			s.controlTable(&b, r)
			s.writeComparison(&b, r.Weights)
		}
	}
	b.WriteString(legend)
	return b.String()
}

const legend = `
*g* is the gradient of the loss of one sample; level 0 is the finest mesh, and the difference of a level is that from the next coarser
mesh, on the same sample. |E| is the norm of a mean, in brackets where it is less than two standard errors; V is the trace of a
covariance, with its standard error; consistency is the largest |a+b-c| of 16 projections in units of 3 standard deviations, and
below 1 if the telescoping sum is what it should be; kurtosis is that of the difference. Rates are exponents of 2 a level, towards
coarser meshes (cost: towards finer), with intervals of 95%: alpha of |E|, beta of V, p of the root of the mean squared
difference. Variances of estimators are compared at equal work; what they cost in seconds is in seconds.csv.

`

// writeTerms writes the table of a case's levels.
func (s *study) writeTerms(b *strings.Builder, r Result) {
	fmt.Fprintf(b, "\nRestriction %s, degraded on %s, dropout %s:\n\n", r.Restriction.Name(), degraded(r.Degrade), r.Coupling)
	rows := [][]string{{"level", "side", "|E g|", "V of g", "±", "|E| of difference", "V of difference", "±", "V/V of g", "kurtosis", "consistency", "work units"}}
	for i, l := range r.Levels {
		row := []string{strconv.Itoa(l.Level), strconv.Itoa(mesh.Side(s.Side, l.Level)), mean(l.Single), digits(l.Single.Variance), digits(l.Single.VarianceError)}
		if i < len(r.Levels)-1 {
			row = append(row, mean(l.Term), digits(l.Term.Variance), digits(l.Term.VarianceError), digits(l.Term.Variance/l.Single.Variance))
		} else {
			row = append(row, "", "", "", "")
		}
		rows = append(rows, append(row, digits(l.Term.Kurtosis), digits(l.Consistency), table.Exact(l.WorkUnits)))
	}
	b.WriteString(table.Aligned(rows, 1))
}

// mean formats the norm of a mean, in brackets if it cannot be distinguished from noise.
func mean(m mlmc.Moments) string {
	if m.Resolved() {
		return digits(m.Mean())
	}
	return "(" + digits(m.Mean()) + ")"
}

// writeEstimators writes the table of a case's estimators.
func (s *study) writeEstimators(b *strings.Builder, r Result) {
	fmt.Fprintf(b, "\nEstimators at equal work (variance of one estimate; ratio: single-scale's over the estimator's, at equal work):\n\n")
	rows := [][]string{{"estimator", "batches", "work units", "predicted", "ratio", "measured", "±", "ratio"}}
	single := r.Estimates[0]
	for _, e := range r.Estimates {
		rows = append(rows, []string{
			e.Name, joined(e.Batches), table.Exact(e.WorkUnits),
			digits(e.Predicted), digits(single.Predicted * single.WorkUnits / (e.Predicted * e.WorkUnits)),
			digits(e.Measured), digits(e.MeasuredError), digits(single.Measured * single.WorkUnits / (e.Measured * e.WorkUnits)),
		})
	}
	b.WriteString(table.Aligned(rows, 2))
	fmt.Fprintf(b, "\nCoarser meshes that pay: %d of %d with doubling batches, %d with the best ones.\n", r.DepthFixed, s.Levels, r.DepthOptimal)
}

// writeComparison writes rates and ratios of all cases of some weights.
func (s *study) writeComparison(b *strings.Builder, weights string) {
	head := []string{"restriction", "degraded on", "dropout", "alpha", "beta", "p"}
	for l := range s.Levels {
		head = append(head, fmt.Sprintf("V/V of g, level %d", l))
	}
	rows := [][]string{append(head, "doubling's ratio", "optimal's ratio")}
	for _, r := range s.results {
		if r.Weights != weights {
			continue
		}
		row := []string{r.Restriction.Name(), degraded(r.Degrade), r.Coupling.String(), rate(r.Rates.Alpha), rate(r.Rates.Beta), rate(r.Rates.P)}
		for _, l := range r.Levels[:s.Levels] {
			row = append(row, digits(l.Term.Variance/l.Single.Variance))
		}
		single := r.Estimates[0]
		for _, e := range r.Estimates[1:] {
			row = append(row, digits(single.Predicted*single.WorkUnits/(e.Predicted*e.WorkUnits)))
		}
		rows = append(rows, row)
	}
	b.WriteString("\nAll cases (ratios as predicted):\n\n" + table.Aligned(rows, 3))
}

func degraded(d task.Degradation) string {
	if d == task.DegradeCoarse {
		return "each mesh"
	}
	return "the finest mesh"
}

func rate(r mlmc.Rate) string {
	if math.IsNaN(r.Value) {
		return "not resolved"
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", r.Value, r.Low, r.High)
}

func joined(batches []int) string {
	return strings.Join(lists.Of(batches, strconv.Itoa), " ")
}

// digits formats a number with three digits; NaN becomes "".
func digits(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
