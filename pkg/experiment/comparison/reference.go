package comparison

import (
	"math"
	"slices"

	"multiscale/pkg/lists"
	"multiscale/pkg/mge"
)

// reference is the single-scale training with which a row is compared.
type reference struct {
	group *Group // nil if there is none
	units []outcome
}

// reference returns the single-scale training with a seed of the row's, on the same pictures and from the same initial weights,
// whose settings, apart from the budget, are among the row's. That of the group itself comes before that of other groups; of
// several, the one with the most work units counts, then the one with the most settings in common.
func (g *Group) reference(e Subject, row Row) (found reference) {
	own := g.run(e, row)
	if own == nil {
		return found
	}
	results := g.results(e, row)
	work, common := math.Inf(-1), -1
	for _, from := range append([]*Group{g}, g.others...) {
		for _, r := range from.Runs {
			if r.Subject != e || r.Init != row.Init || !r.isReferenceOf(own) {
				continue
			}
			units := from.results(e, r.row(mge.Single.Name))
			if len(pairsOf(results, units)) == 0 {
				continue
			}
			w, c := statisticOf(lists.Of(units, workUnits)).mean, len(r.Variant.list())
			if w > work || w == work && c > common || found.group == nil {
				found, work, common = reference{from, units}, w, c
			}
		}
		if found.group != nil {
			break
		}
	}
	return found
}

// isReference reports whether the group has a subject only as a reference of others: it has single-scale alone, and
// rows of another group are compared with it.
func (g *Group) isReference(e Subject) bool {
	multiscale := func(of *Group) []Row {
		return slices.DeleteFunc(of.rows(), func(row Row) bool { return row.Strategy == mge.Single.Name || len(of.results(e, row)) == 0 })
	}
	return len(multiscale(g)) == 0 && slices.ContainsFunc(g.others, func(o *Group) bool {
		return slices.ContainsFunc(multiscale(o), func(row Row) bool { return o.reference(e, row).group == g })
	})
}

// pictures has the settings that decide on which pictures a run is measured.
var pictures = []string{"hold-out", "validation-pictures", "channels"}

// isReferenceOf reports whether all settings of r but its budget are settings of other, too, and both were measured on the same
// pictures.
func (r *Run) isReferenceOf(other *Run) bool {
	for _, given := range r.Variant.list() {
		if given != r.Variant.named("budget") && !slices.Contains(other.Variant.list(), given) {
			return false
		}
	}
	for _, name := range pictures {
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
	return pairsOf(g.results(e, row), g.reference(e, row).units)
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
