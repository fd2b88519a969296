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
	// AddGradient adds weight times the gradient of the loss of b to the flat
	// vector dst and returns the loss. key decides what is random in the network.
	AddGradient(ctx context.Context, dst []float32, weight float64, b mesh.Batch, key uint64) (loss float64, err error)
}

// Sampler draws training batches.
type Sampler interface {
	// Draw returns n fresh samples on the mesh of a level, and with coarse the
	// same samples, noise and t on the next coarser mesh. Batches of different
	// iterations and levels are independent; equal arguments give equal batches.
	Draw(iteration, level, n int, coarse bool) (fine, coarser mesh.Batch, err error)
}

// Estimator estimates the gradient of the expected loss on the finest mesh of a
// stage.
type Estimator struct {
	Model   Model
	Sampler Sampler
	// Seed decides what is random in the network, such as dropout.
	Seed uint64
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
func (e *Estimator) Gradient(ctx context.Context, dst []float32, iteration int, s Stage) (Estimate, error) {
	clear(dst)
	var estimate Estimate
	for i, n := range s.Batches {
		term := Term{Level: s.Finest + i, Samples: n}
		difference := term.Level < s.Coarsest()
		fine, coarse, err := e.Sampler.Draw(iteration, term.Level, n, difference)
		if err != nil {
			return estimate, fmt.Errorf("level %d: %w", term.Level, err)
		}
		if term.Fine, err = e.Model.AddGradient(ctx, dst, 1, fine, e.key(iteration, term.Level, 0)); err != nil {
			return estimate, fmt.Errorf("level %d: %w", term.Level, err)
		}
		if difference {
			if term.Coarse, err = e.Model.AddGradient(ctx, dst, -1, coarse, e.key(iteration, term.Level, 1)); err != nil {
				return estimate, fmt.Errorf("level %d, coarse mesh: %w", term.Level, err)
			}
		}
		estimate.Loss += term.Fine - term.Coarse
		estimate.Terms = append(estimate.Terms, term)
	}
	return estimate, nil
}

// key is the randomness of one evaluation of the network: the paper's code, too,
// draws the dropout masks of a difference's two meshes independently.
func (e *Estimator) key(iteration, level, mesh int) uint64 {
	return random.Key(e.Seed, uint64(iteration), uint64(level), uint64(mesh))
}
