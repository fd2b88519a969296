package task

import (
	"fmt"

	"multiscale/pkg/mesh"
	"multiscale/pkg/mge"
)

// Prefetch draws the batches of a plan ahead of training. It is a Sampler that
// must be asked in the plan's own order.
type Prefetch struct {
	drawn chan drawn
	stop  chan struct{}
}

type drawn struct {
	iteration, level int
	fine, coarser    mesh.Batch
	err              error
}

// NewPrefetch starts to draw the batches of plan, from an iteration on.
func NewPrefetch(s mge.Sampler, plan mge.Plan, from int) *Prefetch {
	p := &Prefetch{drawn: make(chan drawn, ahead), stop: make(chan struct{})}
	go p.draw(s, plan, from)
	return p
}

// ahead is how many batches wait, beside the one that is being drawn: few, for
// a batch of the finest mesh may be large.
const ahead = 2

func (p *Prefetch) draw(s mge.Sampler, plan mge.Plan, from int) {
	for i := from; i < plan.Iterations(); i++ {
		at, _ := plan.At(i)
		stage := plan.Stages[at]
		for j, n := range stage.Batches {
			d := drawn{iteration: i, level: stage.Finest + j}
			d.fine, d.coarser, d.err = s.Draw(i, d.level, n, d.level < stage.Coarsest())
			select {
			case p.drawn <- d:
			case <-p.stop:
				return
			}
		}
	}
}

// Draw implements mge.Sampler.
func (p *Prefetch) Draw(iteration, level, n int, _ bool) (fine, coarser mesh.Batch, err error) {
	d := <-p.drawn
	if d.err == nil && (d.iteration != iteration || d.level != level || d.fine.Len() != n) {
		d.err = fmt.Errorf("batch of iteration %d, level %d asked for, that of %d, %d is next", iteration, level, d.iteration, d.level)
	}
	return d.fine, d.coarser, d.err
}

// Close stops drawing.
func (p *Prefetch) Close() { close(p.stop) }
