package comparison

import (
	"fmt"
	"math"
	"multiscale/pkg/mge"
	"slices"
	"strings"
	"testing"
)

// TestInput: the input is the first row, and there is a warning for a network that is worse.
func TestInput(t *testing.T) {
	r := newRun(t, denoising,
		unit{mge.Single.Name, 1, []float64{0.1}}, unit{mge.Single.Name, 2, []float64{0.1}},
		unit{mge.MGE.Name, 1, []float64{0.3}}, unit{mge.MGE.Name, 2, []float64{0.5}}, unit{mge.FullMultiscale.Name, 1, []float64{0.2}})
	const warning = "denoising unet deadleaves: worse than the input, whose MSE is 0.2000: mge 0.4000 (2 of 2 seeds)."
	all := groups(t, withInput(t, r, 0.2))
	check(t, all[0].Main(),
		"(input) |  |  | 0.2000",
		"single | 3360 | 1.00 | 0.1000 ± 0.0000",
		"mge | 1020 | 3.29 | 0.4000 ± 0.1414",
		"fullmultiscale | 585 | 5.74 | 0.2000 (1 of 2)")
	check(t, Answer(all),
		"(input) |  | 0.2000 | +100.0% (+100.0 to +100.0)",
		"single | 1.00 | 0.1000 ± 0.0000 | 0.0%",
		"mge | 3.29 | 0.4000 ± 0.1414 | +300.0% (−970.6 to +1570.6)",
		"fullmultiscale | 5.74 | 0.2000 (1 of 2) | +100.0%")
	check(t, Quality(all),
		"denoising unet deadleaves, MSE | (input) | +100.0% (+100.0 to +100.0) |  |  |  |  | ",
		" | single | 0.0% | 0.0% | 3360 ± 0 | 1.00 | 3360 ± 0 | 1.00",
		" | mge | +300.0% (−970.6 to +1570.6) | +300.0% | not reached |  | not reached | ",
		" | fullmultiscale | +100.0% | +100.0% | not reached |  | not reached | ")
	if got := Answer(all).Warnings; !slices.Equal(got, []string{warning}) {
		t.Errorf("warnings %q", got)
	}
	rounded := withInput(t, with(t, "other", 3, nil), 0.2*(1+1e-9)) // by another kernel path
	if got := texts(groups(t, withInput(t, r, 0.2), rounded)[0].Main())[0]; got != "(input) |  |  | 0.2000" {
		t.Errorf("input of two kernel paths: %s", got)
	}
	other := withInput(t, with(t, "other", 3, nil), 0.25)
	if got := texts(groups(t, withInput(t, r, 0.2), other)[0].Main())[0]; got != "(input) |  |  | differs" {
		t.Errorf("two inputs of one subject: %s", got)
	}
}

// TestEnds: rows that differ in the cost alone have one curve, from cheap to expensive.
func TestEnds(t *testing.T) {
	given := func(dir string, budget, work float64, values map[string]any, units ...unit) Run {
		r := newRun(t, denoising, units...)
		r.Dir = dir
		r.Record.Configuration["budget"] = budget
		for name, v := range values {
			r.Record.Configuration[name] = v
		}
		for i := range r.Summaries {
			r.Summaries[i].WorkUnits = work
		}
		return again(t, r)
	}
	coarse := []unit{{mge.MGE.Name, 1, []float64{0.12}}, {mge.MGE.Name, 2, []float64{0.14}}}
	var got []string
	for _, e := range Ends(groups(t,
		given("more", 2000, 2000, nil, coarse...),
		given("less", 1000, 1000, nil, coarse[0], unit{mge.Single.Name, 1, []float64{0.3}}),
		given("layers", 1000, 1000, map[string]any{"coefficients": "layer"}, coarse...),
		given("longer", 0, 3000, map[string]any{"iterations": 300.}, coarse[0], unit{mge.MGE.Name, 2, []float64{math.NaN()}}),
		given("held", 0, 3000, map[string]any{"hold-out": true, "iterations": 200.}, coarse[0]))) {
		if e.Figure != "denoising unet deadleaves, quick" {
			if e.Figure != "denoising unet deadleaves, quick, hold-out true" {
				t.Errorf("figure %q", e.Figure)
			}
			continue
		}
		got = append(got, fmt.Sprintf("%s: %s %s %.0f %.2f %.2f %.2f %d", e.Curve, e.Row, e.Measure, e.Work, e.Error, e.Low, e.High, e.Seeds))
	}
	want := []string{
		"single: single (budget 1000) MSE 1000 0.30 0.30 0.30 1",
		"mge: mge (budget 1000) MSE 1000 0.12 0.12 0.12 1",
		"mge, coefficients layer: mge (budget 1000, coefficients layer) MSE 1000 0.13 0.12 0.14 2",
		"mge: mge (budget 2000) MSE 2000 0.13 0.12 0.14 2",
		"mge: mge MSE 3000 0.12 0.12 0.12 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("ends:\n%s", strings.Join(got, "\n"))
	}
}
