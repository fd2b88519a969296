package variance

import (
	"encoding/csv"
	"io"
	"strconv"

	"multiscale/pkg/experiment/table"
	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mlmc"
)

// caseColumns has the first columns of all tables; see cells.
var caseColumns = []string{"task", "network", "data", "weights", "restriction", "degrade", "dropout_coupling"}

func (s *study) cells(c Case) []string {
	return []string{s.Task.Name, s.NetworkText(), s.set.Name, c.Weights, c.Restriction.Name(), c.Degrade.String(), c.Coupling.String()}
}

// write writes a table in CSV. rows returns the rows of a result, to which write
// prepends the columns of its case.
func (s *study) write(w io.Writer, columns []string, rows func(Result) [][]string) error {
	records := [][]string{append(append([]string{}, caseColumns...), columns...)}
	for _, r := range s.results {
		for _, row := range rows(r) {
			records = append(records, append(s.cells(r.Case), row...))
		}
	}
	return csv.NewWriter(w).WriteAll(records)
}

func (s *study) writeLevels(w io.Writer) error {
	columns := []string{"level", "side", "gradients", "work_units",
		"single_mean_square", "single_mean_square_error", "single_variance", "single_variance_error", "single_kurtosis",
		"term_mean_square", "term_mean_square_error", "term_variance", "term_variance_error", "term_kurtosis", "consistency"}
	return s.write(w, columns, func(r Result) (rows [][]string) {
		for _, l := range r.Levels {
			row := []string{strconv.Itoa(l.Level), strconv.Itoa(mesh.Side(s.Side, l.Level)), strconv.Itoa(l.Term.Count), table.Exact(l.WorkUnits)}
			for _, m := range []mlmc.Moments{l.Single, l.Term} {
				row = append(row, table.Exact(m.MeanSquare), table.Exact(m.MeanSquareError), table.Exact(m.Variance), table.Exact(m.VarianceError), table.Exact(m.Kurtosis))
			}
			rows = append(rows, append(row, table.Exact(l.Consistency)))
		}
		return rows
	})
}

func (s *study) writeRates(w io.Writer) error {
	return s.write(w, []string{"rate", "value", "low", "high", "points"}, func(r Result) [][]string {
		return [][]string{row("alpha", r.Rates.Alpha), row("beta", r.Rates.Beta), row("gamma", r.Rates.Gamma), row("p", r.Rates.P)}
	})
}

func row(name string, r mlmc.Rate) []string {
	return []string{name, table.Exact(r.Value), table.Exact(r.Low), table.Exact(r.High), strconv.Itoa(r.Points)}
}

func (s *study) writeEstimates(w io.Writer) error {
	return s.write(w, []string{"estimator", "batches", "work_units", "predicted_variance", "measured_variance", "measured_variance_error"},
		func(r Result) [][]string {
			return lists.Of(r.Estimates, func(e Estimate) []string {
				return []string{e.Name, joined(e.Batches), table.Exact(e.WorkUnits), table.Exact(e.Predicted), table.Exact(e.Measured), table.Exact(e.MeasuredError)}
			})
		})
}

// writeSeconds writes the measured times: seconds of one sample of each term, and
// their rate.
func (s *study) writeSeconds(w io.Writer) error {
	return s.write(w, []string{"level", "seconds_per_sample", "gamma", "gamma_low", "gamma_high"}, func(r Result) (rows [][]string) {
		for _, l := range r.Levels {
			g := r.Rates.Seconds
			rows = append(rows, []string{strconv.Itoa(l.Level), table.Exact(l.Seconds), table.Exact(g.Value), table.Exact(g.Low), table.Exact(g.High)})
		}
		return rows
	})
}
