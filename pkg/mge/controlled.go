package mge

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"multiscale/pkg/kernel"
	"multiscale/pkg/mesh"
	"multiscale/pkg/param"
	"multiscale/pkg/share"
)

// DefaultMemory is the Memory that commands use: a mean over about the last fifty steps.
const DefaultMemory = 0.98

// MinControlled is the smallest number of samples from which Controlled estimates variances.
const MinControlled = 2

// Controlled is the estimator with coefficients that it computes from earlier steps.
//
// Each batch is evaluated in two halves. The difference of the halves' mean gradients has mean
// zero, so its products on the two meshes of a term are unbiased estimates of variances and
// covariance, up to a known factor. Exponential means over the steps give the coefficients of
// the next one: they do not depend on its batches, and the estimate is unbiased.
//
// Its state is small, and belongs to checkpoints; see train.Stateful.
type Controlled struct {
	Estimator
	Choice Coefficients // not NoCoefficients
	// Layers are the groups of parameters with separate coefficients. They are contiguous
	// and start at 0, as those of param.Layers do.
	Layers []param.Group
	// Memory is the decay of the exponential means, in [0,1): with 0 only the last step
	// counts.
	Memory float64

	known   map[int]*running // by level of the term's finer mesh
	pending pending
	before  []float32 // half-difference of the finer mesh
	halves  [2][]float32
	cut     []piece
	sums    pass
}

// running is exponential means of a term's covariance.
type running struct {
	Own, Pair float64 // weights of all steps so far: of Fine, and of Cross and Coarse
	Covariance
}

// pending is what a step has measured. It counts from the next step on: a step that failed
// is done again with what was known before.
type pending struct {
	Iteration int // 0 is none, else one more than the step's
	Terms     map[int]Covariance
}

// Weights returns the coefficients of the next step with the batches of a stage, term by term and
// layer by layer; the last term has none.
func (c *Controlled) Weights(s Stage) [][]float64 {
	known := c.known
	if c.pending.Iteration > 0 {
		known = c.merged()
	}
	a, _ := c.Choice.Best(c.covariances(known, s), s.Batches)
	for l := range a {
		if len(a[l]) == 0 {
			a[l] = ones(len(c.Layers))
		}
	}
	return a
}

func (c *Controlled) covariances(known map[int]*running, s Stage) []Covariance {
	terms := make([]Covariance, len(s.Batches))
	for i := range terms {
		if r := known[s.Finest+i]; r != nil {
			terms[i] = r.Covariance
		}
	}
	return terms
}

// Gradient is Estimator.Gradient with coefficients. Variances and covariances are means over the
// shares that have MinControlled samples.
func (c *Controlled) Gradient(ctx context.Context, dst []float32, iteration int, s Stage) (Estimate, error) {
	c.settle(iteration + 1)
	c.prepare(len(dst))
	coefficients := c.Weights(s)
	terms, layers := len(s.Batches), len(c.Layers)
	scalars := make([]float64, terms*(2+1+3*layers))
	err := c.Sum.Of(ctx, iteration, dst, scalars, func(ctx context.Context, shares []share.Share, dst [][]float32, scalars [][]float64) error {
		for i, of := range shares {
			if err := c.share(ctx, dst[i], scalars[i], iteration, s, of, coefficients); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Estimate{}, err
	}
	found := map[int]Covariance{}
	for i := range s.Batches {
		m := c.measured(scalars[2*terms:], i)
		if m.shares[0] == 0 {
			continue
		}
		mean := func(sums []float64) []float64 {
			all := slices.Clone(sums)
			for p := range all {
				all[p] /= m.shares[0]
			}
			return all
		}
		v := Covariance{Fine: mean(m.fine)}
		if i < terms-1 {
			v.Cross, v.Coarse = mean(m.cross), mean(m.coarse)
		}
		found[s.Finest+i] = v
	}
	if finite(found) { // else the step will not be taken
		c.pending = pending{iteration + 1, found}
	}
	return s.estimate(scalars[:2*terms]), nil
}

// measured are the sums over shares of what they say of a term, layer by layer, in the scalars
// of a step: of the variances on both meshes and of the covariance.
type measured struct {
	shares              []float64 // their number
	fine, cross, coarse []float64
}

func (c *Controlled) measured(scalars []float64, term int) measured {
	n := len(c.Layers)
	scalars = scalars[term*(1+3*n) : (term+1)*(1+3*n)]
	return measured{scalars[:1], scalars[1 : 1+n], scalars[1+n : 1+2*n], scalars[1+2*n:]}
}

// share is Gradient for one share. scalars gets its parts of the losses, as those of
// Estimator.shares, and what it says of the terms.
func (c *Controlled) share(ctx context.Context, dst []float32, scalars []float64, iteration int, s Stage, of share.Share, coefficients [][]float64) error {
	clear(scalars)
	losses, rest := scalars[:2*len(s.Batches)], scalars[2*len(s.Batches):]
	weights := ones(len(c.Layers)) // of this mesh
	var coarse mesh.Part           // what the finer term has on this mesh
	for i, n := range s.Batches {
		level := s.Finest + i
		fine, coarser, err := c.Sampler.Draw(s.request(iteration, i, of, MinControlled))
		if err != nil {
			return fmt.Errorf("level %d: %w", level, err)
		}
		if i > 0 {
			if losses[2*i-1], err = c.part(ctx, dst, coarse, weights, -1, true); err != nil {
				return fmt.Errorf("level %d: %w", level, err)
			}
			if coarse.Batch.Len() >= MinControlled {
				m := c.measured(rest, i-1)
				copy(m.cross, c.sums.cross)
				copy(m.coarse, c.sums.square)
			}
		}
		own := c.Fine(fine, iteration, level)
		own.Of = n
		own.Follow = i == 0 && of.Of == 1
		if losses[2*i], err = c.part(ctx, dst, own, weights, 1, i > 0); err != nil {
			return fmt.Errorf("level %d: %w", level, err)
		}
		if fine.Len() >= MinControlled {
			m := c.measured(rest, i)
			m.shares[0] = 1
			copy(m.fine, c.sums.square)
		}
		if level < s.Coarsest() {
			coarse = c.Coarse(coarser, iteration, level)
			coarse.Of = n
			for p, a := range coefficients[i] {
				weights[p] *= a
			}
		}
	}
	return nil
}

func finite(found map[int]Covariance) bool {
	var sum float64
	for _, v := range found {
		for p := range v.Fine {
			sum += v.Fine[p]
		}
		for p := range v.Cross {
			sum += float64(0*v.Cross[p]) + v.Coarse[p]
		}
	}
	return !math.IsNaN(sum) && !math.IsInf(sum, 0)
}

// part adds the weighted mean gradient of a part's batch to dst, or with sign 1 and without add
// overwrites it. It evaluates the two halves of the batch, and leaves sums over each group of the
// squared difference of the halves' means, and of its product with the one before it (sign -1).
// A difference with sign 1 stays for the next product.
func (c *Controlled) part(ctx context.Context, dst []float32, of mesh.Part, weights []float64, sign float64, add bool) (loss float64, err error) {
	n := of.Batch.Len()
	of.Weight = 1
	half := n / 2
	parts := [2]mesh.Part{of, of}
	parts[0].Batch, parts[1].Batch = of.Batch.Slice(0, half), of.Batch.Slice(half, n)
	parts[1].Destination = 1
	if err := c.Model.Gradients(ctx, c.halves[:], parts[:], false); err != nil {
		return 0, err
	}
	c.sums = pass{
		Controlled: c, dst: dst, weights: weights, sign: sign, add: add,
		square: c.sums.square, cross: c.sums.cross,
	}
	if half > 0 {
		// The halves hold sums over the whole batch's size; their means differ by a variance of
		// V (1/half + 1/(n-half)).
		c.sums.first, c.sums.second = float64(of.Of)/float64(half), float64(of.Of)/float64(n-half)
	}
	kernel.Run(len(c.cut), &c.sums)
	clear(c.sums.square)
	clear(c.sums.cross)
	for _, p := range c.cut {
		c.sums.square[p.group] += p.square
		c.sums.cross[p.group] += p.cross
	}
	if half > 0 {
		per := 1 / (1/float64(half) + 1/float64(n-half))
		for p := range c.sums.square {
			c.sums.square[p] *= per
			c.sums.cross[p] *= per
		}
	}
	return parts[0].Loss + parts[1].Loss, nil
}

// piece is a stretch of a layer that one core does at a time, and its sums.
type piece struct {
	group, lo, hi int
	square, cross float64
}

const pieceSize = 1 << 14

// prepare makes the vectors of a step.
func (c *Controlled) prepare(n int) {
	if c.cut != nil {
		return
	}
	c.before, c.halves[0], c.halves[1] = make([]float32, n), make([]float32, n), make([]float32, n)
	c.sums.square, c.sums.cross = make([]float64, len(c.Layers)), make([]float64, len(c.Layers))
	for group, g := range c.Layers {
		for lo := g.From; lo < g.To; lo += pieceSize {
			c.cut = append(c.cut, piece{group: group, lo: lo, hi: min(lo+pieceSize, g.To)})
		}
	}
}

// pass is one look at the two halves of a gradient.
type pass struct {
	*Controlled
	dst           []float32
	weights       []float64
	sign          float64
	add           bool
	first, second float64 // factors of the halves in the difference
	square, cross []float64
}

// Do implements kernel.Job.
func (j *pass) Do(i int) {
	p := &j.cut[i]
	x, y, before, dst := j.halves[0][p.lo:p.hi], j.halves[1][p.lo:p.hi], j.before[p.lo:p.hi], j.dst[p.lo:p.hi]
	w, first, second := float32(j.sign*j.weights[p.group]), float32(j.first), float32(j.second)
	if !j.add {
		clear(dst)
	}
	var square, cross float64
	for k, a := range x {
		b := y[k]
		dst[k] += float32(w * (a + b))
		d := float32(first*a) - float32(second*b)
		square += float64(float64(d) * float64(d))
		cross += float64(float64(d) * float64(before[k]))
		if j.sign > 0 {
			before[k] = d
		}
	}
	p.square, p.cross = square, cross
}

// settle lets what was measured before an iteration, counted from 1, count. What was measured in
// that iteration itself is forgotten.
func (c *Controlled) settle(iteration int) {
	if c.pending.Iteration > 0 && c.pending.Iteration < iteration {
		c.known = c.merged()
	}
	c.pending = pending{}
}

// merged returns what is known with what is pending.
func (c *Controlled) merged() map[int]*running {
	all := make(map[int]*running, len(c.known))
	maps.Copy(all, c.known)
	for level, found := range c.pending.Terms {
		old := all[level]
		if old == nil {
			old = &running{}
		}
		r := &running{Own: old.Own, Pair: old.Pair}
		r.Fine = c.mean(&r.Own, old.Fine, found.Fine)
		pair := r.Pair
		r.Cross = c.mean(&r.Pair, old.Cross, found.Cross)
		r.Coarse = c.mean(&pair, old.Coarse, found.Coarse)
		all[level] = r
	}
	return all
}

// mean is the exponential mean of what was known, with a weight, and what was found, if anything
// was. The weight becomes that of both.
func (c *Controlled) mean(weight *float64, old, found []float64) []float64 {
	if len(found) == 0 {
		return old
	}
	if len(old) == 0 {
		*weight = 0
		old = found
	}
	*weight = float64(c.Memory**weight) + 1 - c.Memory
	share := (1 - c.Memory) / *weight
	all := slices.Clone(old)
	for p := range all {
		all[p] += float64(share * (found[p] - old[p]))
	}
	return all
}

// controlledState is the state of a Controlled, as JSON.
type controlledState struct {
	Known   map[int]*running
	Pending pending
}

// State returns what Restore needs.
func (c *Controlled) State() ([]byte, error) {
	return json.Marshal(controlledState{c.known, c.pending})
}

// Restore takes back a state; nil stands for that of a new estimator.
func (c *Controlled) Restore(state []byte) error {
	var s controlledState
	if state != nil {
		if err := json.Unmarshal(state, &s); err != nil {
			return fmt.Errorf("coefficients: %w", err)
		}
	}
	fits := func(v Covariance) bool {
		for _, list := range [][]float64{v.Fine, v.Cross, v.Coarse} {
			if len(list) != 0 && len(list) != len(c.Layers) {
				return false
			}
		}
		return true
	}
	for level, r := range s.Known {
		if r == nil || !fits(r.Covariance) {
			return fmt.Errorf("coefficients: level %d has not the network's %d layers", level, len(c.Layers))
		}
	}
	for level, v := range s.Pending.Terms {
		if !fits(v) {
			return fmt.Errorf("coefficients: level %d has not the network's %d layers", level, len(c.Layers))
		}
	}
	c.known, c.pending = s.Known, s.Pending
	return nil
}
