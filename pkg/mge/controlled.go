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

// DefaultMemory is the Memory that commands use. It gives a mean over about the last fifty steps.
const DefaultMemory = 0.98

// MinControlled is the smallest number of samples from which Controlled can estimate variances.
const MinControlled = 2

// Controlled is an Estimator with coefficients that it computes from earlier steps.
//
// Each batch is evaluated in two halves. The difference of the halves' mean gradients has mean
// zero, so that its products on the two meshes of a term are unbiased estimates of the variances
// and the covariance, up to a known factor. Exponential means over the steps give the coefficients
// of the next step. They do not depend on its batches, so that the estimate is unbiased.
//
// Its state is small and is stored in checkpoints; see train.Stateful.
type Controlled struct {
	Estimator
	Choice Coefficients // not NoCoefficients
	// Layers are the groups of parameters with separate coefficients. They must be contiguous and
	// start at 0, like those of param.Layers.
	Layers []param.Group
	// Memory is the decay of the exponential means, in [0,1). With 0 only the last step counts.
	Memory float64

	known   map[int]*running // by level of the term's finer mesh
	pending pending
	before  []float32    // difference of the halves on the finer mesh of a term
	halves  [2][]float32 // gradients of the two halves of a batch
	cut     []piece
	sums    pass
}

// running has the exponential means of a term's covariances.
type running struct {
	Own, Pair float64 // weight of all steps so far, of Fine, and of Cross and Coarse
	Covariance
}

// pending has the measurements of a step. They count from the next step on, so that a failed step is
// repeated with the same coefficients.
type pending struct {
	Iteration int // the step's iteration plus one; 0 if there are no measurements
	Terms     map[int]Covariance
}

// Weights returns the coefficients of the next step with the batches of a stage, by term and layer. The
// last term has none.
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

// covariances returns the known covariances of a stage's terms; those of other terms are empty.
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
// shares with at least MinControlled samples.
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
	if finite(found) { // otherwise the trainer does not take the step
		c.pending = pending{iteration + 1, found}
	}
	return s.estimate(scalars[:2*terms]), nil
}

// measured has sums over the shares of their measurements of a term: the variances and the covariance,
// by layer. Its slices are views of the scalars of a step.
type measured struct {
	shares              []float64 // the number of shares with measurements
	fine, cross, coarse []float64
}

// measured returns the view of a term's measurements in scalars.
func (c *Controlled) measured(scalars []float64, term int) measured {
	n := len(c.Layers)
	scalars = scalars[term*(1+3*n) : (term+1)*(1+3*n)]
	return measured{scalars[:1], scalars[1 : 1+n], scalars[1+n : 1+2*n], scalars[1+2*n:]}
}

// share is Gradient for one share. scalars gets the share's contributions to the losses, in the order of
// Estimator.shares, followed by its measurements of the terms.
func (c *Controlled) share(ctx context.Context, dst []float32, scalars []float64, iteration int, s Stage, of share.Share, coefficients [][]float64) error {
	clear(scalars)
	losses, rest := scalars[:2*len(s.Batches)], scalars[2*len(s.Batches):]
	weights := ones(len(c.Layers)) // w_l of this mesh, by layer
	var coarse mesh.Part           // the coarse part of the next finer term, which is on this mesh
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

// finite reports whether all measurements are finite.
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

// part adds the mean gradient of a part's batch, times sign and the layers' weights, to dst, or without
// add overwrites dst. It evaluates the two halves of the batch. It sets c.sums.square to estimates, by
// layer, of the variance for one sample, from the squared difference of the halves' means. With sign -1
// it also sets c.sums.cross to estimates of the covariance, from the product with the difference of the
// last call with sign 1.
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
		// Each half is a sum divided by of.Of; these factors make it a mean. The difference of the two
		// means has the variance V (1/half + 1/(n-half)).
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

// piece is a range of a layer that one core processes at a time, with its sums.
type piece struct {
	group, lo, hi int
	square, cross float64
}

// pieceSize is the largest number of values of a piece.
const pieceSize = 1 << 14

// prepare allocates the vectors of a step at first use.
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

// pass combines the two halves of a gradient: it adds them to dst and computes the sums of all pieces.
type pass struct {
	*Controlled
	dst           []float32
	weights       []float64
	sign          float64
	add           bool
	first, second float64 // factors of the halves in their difference
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

// settle merges the pending measurements of an earlier iteration into what is known. It drops those of
// the given iteration itself, which is repeated. Iterations are counted from 1 here.
func (c *Controlled) settle(iteration int) {
	if c.pending.Iteration > 0 && c.pending.Iteration < iteration {
		c.known = c.merged()
	}
	c.pending = pending{}
}

// merged returns what is known, updated with the pending measurements.
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

// mean returns the exponential mean of old, which has the given weight, and found. It updates the weight.
// If found is empty, it returns old.
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

// controlledState is the JSON form of a Controlled's state.
type controlledState struct {
	Known   map[int]*running
	Pending pending
}

// State returns the state for Restore.
func (c *Controlled) State() ([]byte, error) {
	return json.Marshal(controlledState{c.known, c.pending})
}

// Restore sets the state to one that State has returned; nil stands for the state of a new estimator. It
// is an error if the state belongs to other layers.
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
