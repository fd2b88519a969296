package comparison

import (
	"math"
	"slices"

	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
)

// single returns the single-scale units with which a row is compared: those on the same pictures and from the same initial
// weights whose settings, apart from the budget, are among the row's. The group's own come before those of other groups; of
// several, those with the most work units count, then those with the most settings in common.
func (g *Group) single(e Subject, row Row) (found []outcome) {
	own := g.run(e, row)
	if own == nil {
		return nil
	}
	var work, common float64
	for _, from := range append([]*Group{g}, g.others...) {
		for _, r := range from.Runs {
			if r.Subject != e || r.Init != row.Init || !r.isReferenceOf(own) {
				continue
			}
			results := from.results(e, r.row(mge.Single.Name))
			w, c := statisticOf(lists.Of(results, workUnits)).mean, float64(len(r.Variant.list()))
			if w > work || w == work && c > common {
				found, work, common = results, w, c
			}
		}
		if found != nil {
			break
		}
	}
	return found
}

// isReference reports whether the group has a subject only as a reference of others: it has single-scale alone, and
// another group has the subject, too.
func (g *Group) isReference(e Subject) bool {
	others := slices.ContainsFunc(g.rows(), func(row Row) bool { return row.Strategy != mge.Single.Name && len(g.results(e, row)) > 0 })
	return !others && slices.ContainsFunc(g.others, func(o *Group) bool { return slices.Contains(o.subjects(), e) })
}

// isReferenceOf reports whether all settings of r but its budget are settings of other, too, and both were measured on the same
// pictures.
func (r *Run) isReferenceOf(other *Run) bool {
	for _, given := range r.Variant.list() {
		if given != r.Variant.named("budget") && !slices.Contains(other.Variant.list(), given) {
			return false
		}
	}
	for _, name := range []string{"hold-out", "validation-pictures", "channels"} {
		if r.Variant.named(name) != other.Variant.named(name) {
			return false
		}
	}
	a, b := r.Input(), other.Input()
	return a == nil || b == nil || alike(a, b)
}

// pair is two units with the same seed.
type pair struct{ own, other outcome }

// pairsOf returns the pairs of units of two rows with the same seed, in the order of own.
func pairsOf(own, other []outcome) (list []pair) {
	for _, a := range own {
		for _, b := range other {
			if a.Summary.Seed == b.Summary.Seed {
				list = append(list, pair{a, b})
			}
		}
	}
	return list
}

// withSingle returns the units of a row, each with single-scale's of the same seed.
func (g *Group) withSingle(e Subject, row Row) []pair {
	return pairsOf(g.results(e, row), g.single(e, row))
}

// ratio returns the other units' mean over the row's own, over the same seeds: with different
// seeds, the ratio would also compare seeds.
func ratio(pairs []pair, of func(outcome) float64) float64 {
	var own, single []float64
	for _, p := range pairs {
		a, b := of(p.own), of(p.other)
		if !math.IsNaN(a) && !math.IsNaN(b) {
			own, single = append(own, a), append(single, b)
		}
	}
	return statisticOf(single).mean / statisticOf(own).mean
}

// onOneMachine returns the pairs whose units were all trained on one machine, that of the first
// such pair: times on different machines cannot be compared.
func onOneMachine(pairs []pair) (list []pair) {
	for _, p := range pairs {
		if p.own.machine == p.other.machine && (len(list) == 0 || p.own.machine == list[0].own.machine) {
			list = append(list, p)
		}
	}
	return list
}
