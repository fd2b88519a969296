package mge

import (
	"context"
	"fmt"

	"multiscale/pkg/mesh"
	"multiscale/pkg/random"
)

// Model is what the estimator needs of a network and its loss; *model.Model is
// one.
type Model interface {
	// Gradients writes sums of the weighted gradients of the mean losses of batches on
	// one mesh, that of the parts with destination d to the flat vector dst[d], or with
	// add adds them, and sets the losses of the parts.
	Gradients(ctx context.Context, dst [][]float32, parts []mesh.Part, add bool) error
}

// Sampler draws training batches.
type Sampler interface {
	// Draw returns the samples of a request on the mesh of its level, and where it asks
	// for them the same samples, noise and t on the next coarser mesh. Batches of
	// different iterations and levels are independent; equal requests give equal samples,
	// and those of a range are the ones that the whole batch has there. A sampler that has no
	// crops, which some strategies ask for, answers with an error.
	Draw(r mesh.Request) (fine, coarser mesh.Batch, err error)
}

// Estimator estimates the gradient of the expected loss on the finest mesh of a
// stage.
type Estimator struct {
	Model   Model
	Sampler Sampler
	// Seed decides what is random in the network, such as dropout.
	Seed uint64
	// SharedMasks gives the coarse mesh of a difference the random masks of the fine
	// one, restricted: pixel (i,j) has that of (2i,2j). Else they are independent, as
	// in the paper's code.
	SharedMasks bool

	to [1][]float32 // where the gradient goes
}

// Fine returns the part of a term on its finer mesh.
func (e *Estimator) Fine(b mesh.Batch, iteration, level int) mesh.Part {
	return mesh.Part{Batch: b, Weight: 1, Key: e.key(iteration, level, 0)}
}

// Coarse returns the part of a difference on its coarser mesh.
func (e *Estimator) Coarse(b mesh.Batch, iteration, level int) mesh.Part {
	if e.SharedMasks {
		return mesh.Part{Batch: b, Weight: -1, Key: e.key(iteration, level, 0), Stride: 2}
	}
	return mesh.Part{Batch: b, Weight: -1, Key: e.key(iteration, level, 1)}
}

// Term is what one term of the telescoping sum contributed.
type Term struct {
	Level   int     // of its finer mesh
	Samples int     // N_l
	Fine    float64 // mean loss on the finer mesh
	Coarse  float64 // mean loss on the coarser mesh; 0 in the last term
}

// Estimate is one evaluation of the estimator, without the gradient itself.
type Estimate struct {
	Terms []Term
	// Loss is the telescoping sum of the losses: an estimate of the loss on the
	// stage's finest mesh.
	Loss float64
}

// Gradient overwrites dst with the estimate for one iteration of a stage: the
// mean gradient on the coarsest mesh plus the mean differences of all finer
// ones. For a stage of a single mesh that is the plain mean gradient.
//
// It goes from mesh to mesh, the finest first. On each it evaluates two batches
// at once: the one of the mesh's own term, and the one of the next finer term,
// which is subtracted here.
func (e *Estimator) Gradient(ctx context.Context, dst []float32, iteration int, s Stage) (Estimate, error) {
	e.to[0] = dst
	estimate := Estimate{Terms: make([]Term, 0, len(s.Batches))}
	var parts [2]mesh.Part // of the mesh's own term, and of the finer one
	for i, n := range s.Batches {
		level := s.Finest + i
		fine, coarse, err := e.Sampler.Draw(s.request(iteration, i))
		if err != nil {
			return estimate, fmt.Errorf("level %d: %w", level, err)
		}
		parts[0] = e.Fine(fine, iteration, level)
		parts[0].Follow = i == 0
		here := parts[:min(i+1, 2)]
		if err := e.Model.Gradients(ctx, e.to[:], here, i > 0); err != nil {
			return estimate, fmt.Errorf("level %d: %w", level, err)
		}
		estimate.Terms = append(estimate.Terms, Term{Level: level, Samples: n, Fine: parts[0].Loss})
		if i > 0 {
			estimate.Terms[i-1].Coarse = parts[1].Loss
		}
		parts[1] = e.Coarse(coarse, iteration, level)
	}
	for _, term := range estimate.Terms {
		estimate.Loss += term.Fine - term.Coarse
	}
	return estimate, nil
}

// key is the randomness of one batch on one mesh.
func (e *Estimator) key(iteration, level, mesh int) uint64 {
	return random.Key(e.Seed, uint64(iteration), uint64(level), uint64(mesh))
}
