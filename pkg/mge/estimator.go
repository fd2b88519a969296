package mge

import (
	"context"
	"fmt"
	"slices"

	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/random"
	"multiscale/pkg/share"
)

// Model is what the estimator needs of a network with its loss. *model.Model implements it.
type Model interface {
	// Gradients computes the weighted gradients of the mean losses of batches on one mesh. It
	// writes the sum over the parts with destination d to the flat vector dst[d], or adds it if
	// add is true. It sets the losses of the parts.
	Gradients(ctx context.Context, dst [][]float32, parts []mesh.Part, add bool) error
}

// Sampler draws training batches.
type Sampler interface {
	// Draw returns the samples of a request on the mesh of its level and, if r.Coarse is set, the
	// same samples, noise and t on the next coarser mesh. Batches of different iterations and
	// levels are independent, and equal requests give equal samples. A request for a range returns
	// the samples of the whole batch in this range. Some strategies request crops; a sampler
	// without crops returns an error for these.
	Draw(r mesh.Request) (fine, coarser mesh.Batch, err error)
}

// Estimator estimates the gradient of the expected loss on the finest mesh of a stage.
type Estimator struct {
	Model   Model
	Sampler Sampler
	// Seed is the seed of random masks in the network, such as dropout.
	Seed uint64
	// SharedMasks gives the coarse mesh of a difference the random masks of the fine mesh,
	// restricted: pixel (i,j) has the mask of pixel (2i,2j). Otherwise the masks are independent,
	// as in the authors' code.
	SharedMasks bool
	// Sum adds the shares of a step. With several shares, the running statistics of batch
	// normalisations are not updated.
	Sum share.Sum

	parts []mesh.Part
}

// Fine returns the part of a term on its finer mesh, with weight 1.
func (e *Estimator) Fine(b mesh.Batch, iteration, level int) mesh.Part {
	return mesh.Part{Batch: b, Weight: 1, Key: e.key(iteration, level, 0)}
}

// Coarse returns the part of a difference on its coarser mesh, with weight -1.
func (e *Estimator) Coarse(b mesh.Batch, iteration, level int) mesh.Part {
	if e.SharedMasks {
		return mesh.Part{Batch: b, Weight: -1, Key: e.key(iteration, level, 0), Stride: 2}
	}
	return mesh.Part{Batch: b, Weight: -1, Key: e.key(iteration, level, 1)}
}

// Term is the contribution of one term of the telescoping sum.
type Term struct {
	Level   int     // of its finer mesh
	Samples int     // N_l
	Fine    float64 // mean loss on the finer mesh
	Coarse  float64 // mean loss on the coarser mesh; 0 in the last term
}

// Estimate is one evaluation of the estimator, without the gradient itself.
type Estimate struct {
	Terms []Term
	// Loss is the telescoping sum of the losses, an estimate of the loss on the stage's finest
	// mesh. For a mixed stage it is the mean loss of all samples.
	Loss float64
}

// Gradient overwrites dst with the estimate for one iteration of a stage: the mean gradient on
// the coarsest mesh plus the mean differences of all finer meshes. For a stage with a single mesh
// this is the plain mean gradient. For a mixed stage it is the mean over all samples.
//
// It goes from mesh to mesh, the finest first. On each mesh it evaluates two batches together:
// the batch of the mesh's term, and the batch of the next finer term, which is subtracted. It
// evaluates several shares of both together, each with its own gradient.
func (e *Estimator) Gradient(ctx context.Context, dst []float32, iteration int, s Stage) (Estimate, error) {
	losses := make([]float64, 2*len(s.Batches))
	err := e.Sum.Of(ctx, iteration, dst, losses, func(ctx context.Context, shares []share.Share, dst [][]float32, losses [][]float64) error {
		return e.shares(ctx, dst, losses, iteration, s, shares)
	})
	return s.estimate(losses), err
}

// shares is Gradient for neighbouring shares. losses[k] gets the contribution of share k to the terms'
// losses, which alternate between the finer and the coarser mesh.
func (e *Estimator) shares(ctx context.Context, dst [][]float32, losses [][]float64, iteration int, s Stage, shares []share.Share) error {
	// The parts of the mesh's own term, one for each share, followed by those of the finer term.
	e.parts = slices.Grow(e.parts[:0], 2*len(shares))[:2*len(shares)]
	defer clear(e.parts) // lets the batches be collected
	own, finer := e.parts[:len(shares)], e.parts[len(shares):]
	for i, n := range s.Batches {
		level := s.Finest + i
		r := s.request(iteration, i, shares[0], 1)
		_, r.To = shares[len(shares)-1].Range(n, 1)
		fine, coarse, err := e.Sampler.Draw(r)
		if err != nil {
			return fmt.Errorf("level %d: %w", level, err)
		}
		for k, of := range shares {
			own[k] = e.Fine(part(fine, r, of, len(shares)), iteration, level)
			own[k].Of, own[k].Destination, own[k].Weight = n, k, s.weight(i)
			own[k].Follow = i == 0 && of.Of == 1
		}
		here := own
		if i > 0 && s.Differs(i-1) {
			here = e.parts
		}
		if err := e.Model.Gradients(ctx, dst, here, i > 0); err != nil {
			return fmt.Errorf("level %d: %w", level, err)
		}
		for k, of := range shares {
			losses[k][2*i], losses[k][2*i+1] = own[k].Loss, 0
			if len(here) > len(own) {
				losses[k][2*i-1] = finer[k].Loss
			}
			if r.Coarse {
				finer[k] = e.Coarse(part(coarse, r, of, len(shares)), iteration, level)
				finer[k].Of, finer[k].Destination = n, k
			}
		}
	}
	return nil
}

// part returns the samples of one share. b was drawn by request r for a number of shares.
func part(b mesh.Batch, r mesh.Request, of share.Share, shares int) mesh.Batch {
	if shares == 1 {
		return b
	}
	from, to := of.Range(r.Size, 1)
	return b.Slice(from-r.From, to-r.From)
}

// estimate makes an Estimate from the terms' losses, which alternate between the finer and the coarser
// mesh.
func (s Stage) estimate(losses []float64) Estimate {
	estimate := Estimate{Terms: make([]Term, len(s.Batches))}
	for i, n := range s.Batches {
		t := Term{Level: s.Finest + i, Samples: n, Fine: losses[2*i], Coarse: losses[2*i+1]}
		estimate.Terms[i] = t
		estimate.Loss += float64(s.weight(i)*t.Fine) - t.Coarse
	}
	return estimate
}

// weight is the factor of a term's mean loss in the sum.
func (s Stage) weight(i int) float64 {
	if !s.Mixed {
		return 1
	}
	return float64(s.Batches[i]) / float64(lists.Sum(s.Batches))
}

// key determines the random masks of one batch on one mesh of its term: 0 the finer, 1 the coarser.
func (e *Estimator) key(iteration, level, mesh int) uint64 {
	return random.Key(e.Seed, uint64(iteration), uint64(level), uint64(mesh))
}
