// Package model evaluates a network and the gradient of its loss on batches of
// any size and any mesh: one set of parameters, one Gorgonia graph for each
// shape, micro-batches that keep to a memory budget.
package model

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/graph"
	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/layer"
	"multiscale/pkg/mesh"
	"multiscale/pkg/network"
	"multiscale/pkg/param"
)

// Loss adds a scalar cost of y against target, both (N,C,H,W), to their graph,
// for instance op.MSE. It must be a mean over samples.
type Loss func(y, target *gorgonia.Node) (*gorgonia.Node, error)

// DefaultMemory is the default budget for activations.
const DefaultMemory = 1 << 30

// Model is a network with its parameters and its loss. It is not safe for
// concurrent use.
type Model struct {
	Network network.Network
	Params  *param.Set
	// Memory is the budget for activations in bytes: it bounds the micro-batch,
	// and so must be set before the first use.
	Memory int64
	// DetectAnomaly lets every evaluation look for the first result that is not
	// finite; the error is then a *graph.Anomaly. It must be set before the
	// first use.
	DetectAnomaly bool

	loss     Loss
	arena    graph.Arena
	programs map[shape]*program
	perImage map[shape]int64 // bytes that a batch of one takes
}

// shape tells apart the graphs of one model.
type shape struct {
	n, c, h, w int
	training   bool
}

// program is the graph of one shape.
type program struct {
	*graph.Program
	builder      *layer.Builder
	x, t, target *gorgonia.Node
	y, cost      *gorgonia.Node
	gradients    gorgonia.Nodes // in the order of the parameters
	check        bool
}

// New returns a model. The parameters are those that network.Parameters made
// for the network.
func New(n network.Network, params *param.Set, loss Loss) *Model {
	return &Model{Network: n, Params: params, Memory: DefaultMemory, loss: loss,
		programs: make(map[shape]*program), perImage: make(map[shape]int64)}
}

// AddGradient adds weight times the gradient of the loss of batch b to the flat
// vector dst, of Params.Len() values, and returns the loss. key and b.Samples
// decide all that is random in the network. A done ctx ends it before the next
// micro-batch, with dst incomplete.
func (m *Model) AddGradient(ctx context.Context, dst []float32, weight float64, b mesh.Batch, key uint64) (float64, error) {
	var loss float64
	err := m.micro(ctx, b, true, func(p *program, part mesh.Batch) error {
		p.builder.Sampling.Key, p.builder.Sampling.Samples = key, part.Samples
		copy(floats(p.target), part.Target.Data)
		if err := p.run(part); err != nil {
			return err
		}
		share := float64(part.Len()) / float64(b.Len())
		loss += share * float64(p.cost.Value().Data().(float32))
		for i, q := range m.Params.Params() {
			pointwise.Axpy(q.Slice(dst), float32(weight*share), floats(p.gradients[i]))
		}
		return nil
	})
	return loss, err
}

// Apply writes the network's answer to x (and t, where the network takes it)
// to y, of shape (N,C,Scale*H,Scale*W), with dropout off.
func (m *Model) Apply(ctx context.Context, y []float32, x mesh.Images, t []float32) error {
	done := 0
	b := mesh.Batch{Input: x, T: t, Target: mesh.Images{N: x.N}, Samples: make([]uint64, x.N)}
	return m.micro(ctx, b, false, func(p *program, part mesh.Batch) error {
		if err := p.run(part); err != nil {
			return err
		}
		done += copy(y[done:], floats(p.y))
		return nil
	})
}

// micro cuts b into parts of nearly equal size that keep to the memory budget
// and calls do for each with a program of its shape.
func (m *Model) micro(ctx context.Context, b mesh.Batch, training bool, do func(*program, mesh.Batch) error) error {
	if multiple := m.Network.Multiple(); b.Input.H%multiple != 0 || b.Input.W%multiple != 0 {
		return fmt.Errorf("%s: images of %dx%d pixels: the sides must be multiples of %d", m.Network.Name(), b.Input.W, b.Input.H, multiple)
	}
	at := shape{1, b.Input.C, b.Input.H, b.Input.W, training}
	largest, err := m.MicroBatch(at.c, at.h, at.w, training)
	if err != nil {
		return err
	}
	parts := (b.Len() + largest - 1) / largest
	for i := range parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := b.Slice(i*b.Len()/parts, (i+1)*b.Len()/parts)
		at.n = part.Len()
		p, err := m.program(at)
		if err != nil {
			return err
		}
		if err := do(p, part); err != nil {
			return err
		}
	}
	return nil
}

// MicroBatch returns the largest number of images (c,h,w) that are evaluated
// at once within the memory budget: at least one.
func (m *Model) MicroBatch(c, h, w int, training bool) (int, error) {
	bytes, err := m.BytesPerImage(c, h, w, training)
	if err != nil {
		return 0, err
	}
	return int(max(1, m.Memory/max(1, bytes))), nil
}

// BytesPerImage is the memory for activations that one image (c,h,w) takes.
func (m *Model) BytesPerImage(c, h, w int, training bool) (int64, error) {
	at := shape{1, c, h, w, training}
	if bytes, known := m.perImage[at]; known {
		return bytes, nil
	}
	p, err := m.build(at, new(graph.Arena))
	if err != nil {
		return 0, err
	}
	m.perImage[at] = p.Bytes()
	return p.Bytes(), nil
}

func (m *Model) program(at shape) (*program, error) {
	if p := m.programs[at]; p != nil {
		return p, nil
	}
	if m.Memory < math.MaxInt64 {
		m.arena.Budget = m.Memory
	}
	p, err := m.build(at, &m.arena)
	if err != nil {
		return nil, err
	}
	m.programs[at] = p
	return p, nil
}

func (m *Model) build(at shape, arena *graph.Arena) (*program, error) {
	b := layer.NewBuilder(m.Params, at.training)
	p := &program{builder: b, check: m.DetectAnomaly, x: b.Input("x", at.n, at.c, at.h, at.w)}
	if m.Network.UsesTime() {
		p.t = b.Input("t", at.n)
	}
	p.y = m.Network.Build(b, p.x, p.t)
	if err := b.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Network.Name(), err)
	}
	var err error
	if !at.training {
		p.Program, err = graph.Compile(b.Graph, arena, p.y)
		return p, err
	}
	p.target = b.Input("target", p.y.Shape()...)
	if p.cost, err = m.loss(p.y, p.target); err != nil {
		return nil, fmt.Errorf("loss: %w", err)
	}
	params, err := b.ParamNodes()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Network.Name(), err)
	}
	if p.gradients, err = gorgonia.Grad(p.cost, params...); err != nil {
		return nil, fmt.Errorf("%s: differentiating: %w", m.Network.Name(), err)
	}
	p.Program, err = graph.Compile(b.Graph, arena, p.gradients...)
	return p, err
}

// run evaluates the graph for the input of a batch.
func (p *program) run(b mesh.Batch) error {
	copy(floats(p.x), b.Input.Data)
	if p.t != nil {
		copy(floats(p.t), b.T)
	}
	if p.check {
		return p.Check()
	}
	return p.Run()
}

func floats(n *gorgonia.Node) []float32 {
	return n.Value().(interface{ Float32s() []float32 }).Float32s()
}
