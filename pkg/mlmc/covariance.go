package mlmc

import (
	"context"
	"fmt"
	"math"

	"multiscale/pkg/kernel"
	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
	"multiscale/pkg/param"
)

// Floor is the lower bound of second moments, relative to their mean over the layer. Without it,
// entries that rarely have a gradient would outweigh all others.
const Floor = 1e-6

// Covariances measures the covariances from which the coefficients of an estimator follow, by level and
// by layer. The layers must be contiguous and cover a gradient. Entries of gradients are divided by the
// root of second, the second moment by which an optimizer divides. If second is nil, before an optimizer
// has one, each layer is divided as a whole, by the root of the variance of its gradient on the finest
// mesh.
//
// Gradients are taken in pairs. The difference of a pair has mean zero, and its squares and products
// have twice the variances and covariances as expectations. This needs only a few vectors and is
// unbiased for layers of any size. With an odd number of repetitions, the last one is left out.
//
// halves are the covariances by every other pair alone, in the norm of all; nil if there is one pair. Where
// gradients have heavy tails, a few samples decide a variance, and the halves do not agree.
func (m *Measurement) Covariances(ctx context.Context, layers []param.Group, second []float32) (all []mge.Covariance, halves [][]mge.Covariance, err error) {
	pairs := m.Repetitions / 2
	if pairs < 1 {
		return nil, nil, fmt.Errorf("a variance needs 2 gradients at least, not %d", m.Repetitions)
	}
	all = make([]mge.Covariance, m.Coarsest+1)
	if pairs > 1 {
		halves = [][]mge.Covariance{make([]mge.Covariance, len(all)), make([]mge.Covariance, len(all))}
	}
	p := newPairing(m.Parameters, layers, second)
	costs := m.stage().Costs()
	done, total := 0.0, m.WorkUnits()
	for level := m.Finest; level <= m.Coarsest; level++ {
		n := m.batch(level)
		difference := level < m.Coarsest
		all[level] = zero(len(layers), difference)
		for _, half := range halves {
			half[level] = zero(len(layers), difference)
		}
		for r := range 2 * pairs {
			b, coarser, err := m.Sampler.Draw(mesh.Request{Iteration: r, Level: level, Size: n, Coarse: difference})
			if err != nil {
				return nil, nil, fmt.Errorf("level %d: %w", level, err)
			}
			if err := m.gradient(ctx, p.fine[r%2], m.Fine(b, r, level)); err != nil {
				return nil, nil, fmt.Errorf("level %d: %w", level, err)
			}
			if difference {
				part := m.Coarse(coarser, r, level)
				part.Weight = 1
				if err := m.gradient(ctx, p.coarse[r%2], part); err != nil {
					return nil, nil, fmt.Errorf("level %d, coarse mesh: %w", level, err)
				}
			}
			if done += float64(float64(n) * costs[level-m.Finest]); m.Progress != nil {
				m.Progress(done, total)
			}
			if r%2 == 0 {
				continue
			}
			p.sum(difference)
			p.add(all[level], float64(n)/2/float64(pairs))
			if halves != nil {
				i := r / 2 % 2
				p.add(halves[i][level], float64(n)/2/float64((pairs+1-i)/2))
			}
		}
		for _, v := range all[level].Fine {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, nil, fmt.Errorf("level %d: the gradient is not finite", level)
			}
		}
	}
	if second == nil {
		unit := append([]float64(nil), all[m.Finest].Fine...)
		for _, levels := range append(halves, all) {
			perLayer(levels, unit)
		}
	}
	return all, halves, nil
}

// zero returns covariances of zero, with those of a coarse part if there is one.
func zero(layers int, coarse bool) (c mge.Covariance) {
	c.Fine = make([]float64, layers)
	if coarse {
		c.Cross, c.Coarse = make([]float64, layers), make([]float64, layers)
	}
	return c
}

// perLayer divides the covariances of each layer by its unit, the variance of its gradient on the finest mesh.
// They are 0 for a layer without such a variance.
func perLayer(levels []mge.Covariance, unit []float64) {
	for _, v := range levels {
		for _, list := range [][]float64{v.Fine, v.Cross, v.Coarse} {
			for p := range list {
				if unit[p] > 0 {
					list[p] /= unit[p]
				} else {
					list[p] = 0
				}
			}
		}
	}
}

// SecondMoment returns the mean square of each entry of the gradient of a single sample on the finest
// mesh. After many steps, Adam divides by its root, up to a factor.
func (m *Measurement) SecondMoment(ctx context.Context) ([]float32, error) {
	g, mean := make([]float32, m.Parameters), make([]float32, m.Parameters)
	for r := range m.Repetitions {
		b, _, err := m.Sampler.Draw(mesh.Request{Iteration: r, Level: m.Finest, Size: 1})
		if err != nil {
			return nil, err
		}
		if err := m.gradient(ctx, g, m.Fine(b, r, m.Finest)); err != nil {
			return nil, err
		}
		share := 1 / float32(r+1)
		for i, v := range g {
			mean[i] += float32(share * (float32(v*v) - mean[i]))
		}
		if m.Progress != nil {
			m.Progress(float64(r+1), float64(m.Repetitions))
		}
	}
	return mean, nil
}

// pairing has a pair of gradients on two meshes.
type pairing struct {
	fine, coarse [2][]float32
	inverse      []float32 // inverse second moments of the entries; nil stands for 1
	cut          []segment
	difference   bool // whether there is a coarse mesh
}

// segment is a part of a layer that one core processes at a time, with its sums.
type segment struct {
	layer, lo, hi       int
	fine, cross, coarse float64
}

func newPairing(n int, layers []param.Group, second []float32) *pairing {
	p := &pairing{}
	for i := range 2 {
		p.fine[i], p.coarse[i] = make([]float32, n), make([]float32, n)
	}
	if second != nil {
		p.inverse = make([]float32, n)
	}
	for i, l := range layers {
		for lo := l.From; lo < l.To; lo += chunk {
			p.cut = append(p.cut, segment{layer: i, lo: lo, hi: min(lo+chunk, l.To)})
		}
		if second == nil {
			continue
		}
		var mean float64
		for _, v := range second[l.From:l.To] {
			mean += float64(v)
		}
		least := Floor * mean / float64(l.To-l.From)
		for k := l.From; k < l.To && least > 0; k++ {
			p.inverse[k] = float32(1 / max(float64(second[k]), least))
		}
	}
	return p
}

// sum computes the squares and products of a pair's differences, by segment.
func (p *pairing) sum(difference bool) {
	p.difference = difference
	kernel.Run(len(p.cut), p)
}

// add adds the sums of the segments, times a factor, to those of their layers.
func (p *pairing) add(sums mge.Covariance, factor float64) {
	for _, s := range p.cut {
		sums.Fine[s.layer] += float64(factor * s.fine)
		if p.difference {
			sums.Cross[s.layer] += float64(factor * s.cross)
			sums.Coarse[s.layer] += float64(factor * s.coarse)
		}
	}
}

// Do implements kernel.Job.
func (p *pairing) Do(i int) {
	s := &p.cut[i]
	s.fine, s.cross, s.coarse = 0, 0, 0
	for k := s.lo; k < s.hi; k++ {
		by := 1.0
		if p.inverse != nil {
			by = float64(p.inverse[k])
		}
		f := float64(p.fine[0][k] - p.fine[1][k])
		s.fine += float64(by * float64(f*f))
		if p.difference {
			c := float64(p.coarse[0][k] - p.coarse[1][k])
			s.cross += float64(by * float64(f*c))
			s.coarse += float64(by * float64(c*c))
		}
	}
}
