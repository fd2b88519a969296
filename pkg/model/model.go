// Package model evaluates a network and the gradient of its loss on batches of any size and
// any mesh. A model has one set of parameters and one Gorgonia graph for each shape, and cuts
// batches into micro-batches that fit a memory budget.
package model

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/distinct"
	"multiscale/pkg/graph"
	"multiscale/pkg/kernel/conv"
	"multiscale/pkg/kernel/pointwise"
	"multiscale/pkg/layer"
	"multiscale/pkg/lists"
	"multiscale/pkg/mesh"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/pixel"
)

// Loss adds the losses (N) of the samples of y against target, both (N,C,H,W), to their graph;
// op.MSE is one. The loss of a batch is their mean.
type Loss func(y, target *gorgonia.Node) (*gorgonia.Node, error)

// DefaultMemory is the default budget for activations in bytes.
const DefaultMemory = 1 << 30

// Model is a network with its parameters and its loss. It is not safe for
// concurrent use.
type Model struct {
	Network network.Network
	Params  *param.Set
	// Memory is the budget for activations in bytes. It bounds the micro-batch, and must be
	// set before the first use. If a single image needs more, some of its activations are not
	// kept for the backward pass but recomputed there, which changes no bit. Networks that
	// normalise over batches are trained on whole batches, regardless of Memory.
	Memory int64
	// DetectAnomaly makes every evaluation look for the first result that is not finite. The
	// error is then a *graph.Anomaly. It must be set before the first use.
	DetectAnomaly bool
	// Convolution is the algorithm of all convolutions. It must be set before the first use.
	Convolution conv.Algorithm
	// Arena is the memory of the activations. Models that run one after the other may share
	// one. It must be set before the first use.
	Arena *graph.Arena

	loss     Loss
	programs map[shape]*program
	bytes    map[shape]int64 // memory of the activations without recomputation
	costs    map[shape]graph.Cost
	total    total
	whole    bool // training does not cut batches
	joint    bool // one run can compute the gradients of several destinations

	parts   []*mesh.Part // of the current evaluation
	targets []op.Target  // one for each destination, for the gradient of all parameters
}

// shape identifies one graph of a model.
type shape struct {
	n, c, h, w int
	training   bool
}

// New returns a model of network n. params must be made for n by network.Parameters or
// network.Load.
func New(n network.Network, params *param.Set, loss Loss) *Model {
	return &Model{Network: n, Params: params, Memory: DefaultMemory, Arena: new(graph.Arena), loss: loss,
		programs: make(map[shape]*program), bytes: make(map[shape]int64), costs: make(map[shape]graph.Cost)}
}

// AddGradient adds the gradient of the loss of batch b to the flat vector dst of Params.Len()
// values, and returns the loss. All randomness in the network is a function of key and
// b.Samples. If ctx is done, AddGradient returns before the next micro-batch and dst is
// incomplete.
func (m *Model) AddGradient(ctx context.Context, dst []float32, b mesh.Batch, key uint64) (float64, error) {
	parts, to := [...]mesh.Part{{Batch: b, Weight: 1, Key: key}}, [...][]float32{dst}
	err := m.Gradients(ctx, to[:], parts[:], true)
	return parts[0].Loss, err
}

// Gradients sums the weighted gradients of several batches on one mesh. The parts with
// destination d contribute to the flat vector dst[d], which is overwritten, or with add added
// to. Gradients sets the losses of the parts. If possible, it evaluates several parts in one run
// of a graph, which saves the cost that does not depend on the number of images. Each
// destination gets the same bytes as from its parts alone. If ctx is done, Gradients returns
// before the next micro-batch and dst is incomplete.
func (m *Model) Gradients(ctx context.Context, dst [][]float32, parts []mesh.Part, add bool) error {
	for i := range parts {
		if d := parts[i].Destination; d < 0 || d >= len(dst) {
			return fmt.Errorf("%s: destination %d of %d", m.Network.Name(), d, len(dst))
		}
		parts[i].Loss = 0
	}
	defer func() { clear(m.parts) }() // lets the batches be collected
	for from := 0; from < len(dst); {
		to, err := m.choose(parts, from, len(dst))
		if err != nil {
			return err
		}
		if err := m.gradients(ctx, dst[from:to], from, add); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// choose sets m.parts to the parts of destinations from to to-1: as many destinations as one run can evaluate, or one
// destination with samples that may need several runs.
func (m *Model) choose(parts []mesh.Part, from, end int) (to int, err error) {
	m.parts = m.parts[:0]
	for to = from; to < end; to++ {
		before := len(m.parts)
		for i := range parts {
			if parts[i].Destination == to {
				m.parts = append(m.parts, &parts[i])
			}
		}
		if earlier, all := samples(m.parts[:before]), samples(m.parts); earlier > 0 && all > earlier {
			x := m.parts[0].Batch.Input
			largest, err := m.MicroBatch(x.C, x.H, x.W, true)
			if err != nil {
				return 0, err
			}
			if all > largest || !m.joint {
				m.parts = m.parts[:before]
				return to, nil
			}
		}
	}
	return end, nil
}

// gradients computes the gradients of m.parts. dst has their destinations, from number first on.
func (m *Model) gradients(ctx context.Context, dst [][]float32, first int, add bool) error {
	m.targets = m.targets[:0]
	for d, to := range dst {
		n := 0
		for _, p := range m.parts {
			if p.Destination == first+d {
				n += p.Batch.Len()
			}
		}
		switch {
		case n > 0:
			m.targets = append(m.targets, op.Target{Samples: n, Dst: to, Add: add})
		case !add:
			clear(to)
		}
		if !add {
			m.clearFrozen(to)
		}
	}
	return m.micro(ctx, m.parts, true, func(p *program) error {
		if len(m.targets) == 1 {
			m.targets[0].Samples = p.images
		}
		p.into(m.targets)
		if err := p.run(); err != nil {
			return err
		}
		if of := p.part[0]; m.whole && m.parts[of].Follow {
			if err := p.builder.FollowStatistics(); err != nil {
				return err
			}
		}
		losses := floats(p.losses)
		for i, of := range p.part {
			m.parts[of].Loss += float64(losses[i]) / float64(m.parts[of].Mean())
		}
		if len(p.gradients) > 0 {
			m.total.take(m.targets[0].Dst, p.gradients, m.targets[0].Add)
		}
		for i := range m.targets {
			m.targets[i].Add = true
		}
		return nil
	})
}

// samples returns the number of samples of all parts.
func samples(parts []*mesh.Part) (n int) {
	for _, p := range parts {
		n += p.Batch.Len()
	}
	return n
}

// clearFrozen sets the gradients of frozen parameters to zero. No program computes them.
func (m *Model) clearFrozen(dst []float32) {
	for _, p := range m.Params.Params() {
		if p.Frozen() {
			clear(p.Slice(dst))
		}
	}
}

// total copies or adds the gradients of a program that are not direct to a flat vector, in one
// pass. In all programs of a model they belong to the same parameters.
type total struct {
	list      *pointwise.List
	dst       []float32
	gradients []gradient
	add       bool
}

func (t *total) take(dst []float32, gradients []gradient, add bool) {
	t.dst, t.gradients, t.add = dst, gradients, add
	if t.list == nil {
		t.list = pointwise.NewList(lists.Of(gradients, func(g gradient) int { return g.param.Len() }))
	}
	t.list.Run(t)
	t.dst, t.gradients = nil, nil
}

// Elements implements pointwise.Pass.
func (t *total) Elements(i, lo, hi int) {
	g := t.gradients[i]
	to, from := g.param.Slice(t.dst)[lo:hi], floats(g.node)[lo:hi]
	if t.add {
		pointwise.Axpy(to, 1, from)
	} else {
		copy(to, from)
	}
}

// Apply writes the network's output for x (N,C,H,W) and t to y (N,C',Scale*H,Scale*W), without
// dropout. t may be nil if the network takes none.
func (m *Model) Apply(ctx context.Context, y []float32, x pixel.Images, t []float32) error {
	done := 0
	all := mesh.Part{Batch: mesh.Batch{Input: x, T: t, Target: pixel.Images{Shape: pixel.Shape{N: x.N}}, Samples: make([]uint64, x.N)}}
	return m.micro(ctx, []*mesh.Part{&all}, false, func(p *program) error {
		if err := p.run(); err != nil {
			return err
		}
		done += copy(y[done:], floats(p.y))
		return nil
	})
}

// micro cuts the samples of parts into micro-batches and calls do for each of them, with a
// program of its shape whose inputs are set. Micro-batches have nearly equal sizes and fit the
// memory budget. In training with whole batches, each part is one.
func (m *Model) micro(ctx context.Context, parts []*mesh.Part, training bool, do func(*program) error) error {
	samples := samples(parts)
	if samples == 0 {
		return nil
	}
	x := parts[0].Batch.Input
	if multiple := m.Network.Multiple(); x.H%multiple != 0 || x.W%multiple != 0 {
		return fmt.Errorf("%s: images of %dx%d pixels: the sides must be multiples of %d", m.Network.Name(), x.W, x.H, multiple)
	}
	at := shape{1, x.C, x.H, x.W, training}
	largest, err := m.MicroBatch(at.c, at.h, at.w, training)
	if err != nil {
		return err
	}
	batches := (samples + largest - 1) / largest
	for i, lo, hi := 0, 0, 0; lo < samples; i, lo = i+1, hi {
		if err := ctx.Err(); err != nil {
			return err
		}
		if hi = (i + 1) * samples / batches; training && m.whole {
			hi = end(parts, lo)
		}
		at.n = hi - lo
		p, err := m.program(at)
		if err != nil {
			return err
		}
		if err := p.fill(parts, lo, hi); err != nil {
			return err
		}
		if err := do(p); err != nil {
			return err
		}
	}
	return nil
}

// end returns the end of the part that has the given sample. Samples are counted over all parts.
func end(parts []*mesh.Part, sample int) (end int) {
	for i := 0; end <= sample; i++ {
		end += parts[i].Batch.Len()
	}
	return end
}

// MicroBatch returns the largest number of images (c,h,w), at least one, that are evaluated at
// once within the memory budget.
func (m *Model) MicroBatch(c, h, w int, training bool) (int, error) {
	// tellsAll is a batch from which the memory of larger ones can be extrapolated. Smaller
	// batches do not suffice: the gradients of the weights take the same memory for any batch,
	// and more than all activations of a small image.
	const tellsAll = 64
	for n := 1; ; {
		bytes, err := m.Bytes(n, c, h, w, training)
		if err != nil {
			return 0, err
		}
		perImage := (bytes + int64(n) - 1) / int64(n)
		room := int(m.Memory / max(1, perImage))
		if room <= n || n == tellsAll {
			return max(n, room), nil
		}
		n = min(room, tellsAll)
	}
}

// WholeBatches reports whether training does not cut batches, regardless of their memory, because the network normalises
// over them. It is known after a call of Cost, of a gradient, or of Bytes for training.
func (m *Model) WholeBatches() bool { return m.whole }

// Bytes is the memory in bytes for the activations, and in training the gradients, of n images
// (c,h,w) that are evaluated at once.
func (m *Model) Bytes(n, c, h, w int, training bool) (int64, error) {
	at := shape{n, c, h, w, training}
	if bytes, known := m.bytes[at]; known {
		return bytes, nil
	}
	p, keep, err := m.build(at, true)
	if err != nil {
		return 0, err
	}
	bytes, err := graph.Bytes(p.builder.Graph, keep...)
	if err == nil {
		m.bytes[at] = bytes
	}
	return bytes, err
}

// Cost is the memory that n images (c,h,w) take at once in training, and the recomputation
// that the memory budget requires.
func (m *Model) Cost(n, c, h, w int) (graph.Cost, error) {
	at := shape{n, c, h, w, true}
	if cost, known := m.costs[at]; known {
		return cost, nil
	}
	p, keep, err := m.build(at, true)
	if err != nil {
		return graph.Cost{}, err
	}
	cost, err := graph.CostWithin(m.budget(p), p.builder.Graph, keep...)
	if err == nil {
		m.costs[at] = cost
	}
	return cost, err
}

// budget is the budget for the results of a program.
func (m *Model) budget(p *program) graph.Budget {
	if m.Memory == math.MaxInt64 {
		return graph.Budget{}
	}
	return graph.Budget{Bytes: m.Memory, Forward: p.losses}
}

func (m *Model) program(at shape) (*program, error) {
	if p := m.programs[at]; p != nil {
		return p, nil
	}
	if m.Memory < math.MaxInt64 {
		m.Arena.Budget = m.Memory
	}
	p, keep, err := m.build(at, false)
	if err != nil {
		return nil, err
	}
	if p.Program, err = graph.CompileWithin(m.budget(p), p.builder.Graph, m.Arena, keep...); err != nil {
		return nil, err
	}
	m.programs[at] = p
	return p, nil
}

// build makes the graph of a shape. keep are the nodes whose values are read after a run. With sketch, the graph cannot be
// run.
func (m *Model) build(at shape, sketch bool) (p *program, keep gorgonia.Nodes, err error) {
	err = distinct.Build(func(int) (*gorgonia.ExprGraph, error) {
		if p, keep, err = m.construct(at, sketch); err != nil {
			return nil, err
		}
		return p.builder.Graph, nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", m.Network.Name(), err)
	}
	return p, keep, nil
}

// construct builds the graph once. build calls it again if two nodes have equal hashes, since
// operations have new numbers each time.
func (m *Model) construct(at shape, sketch bool) (p *program, keep gorgonia.Nodes, err error) {
	b := layer.NewBuilder(m.Params, at.training)
	b.Convolution, b.Sketch = m.Convolution, sketch
	p = &program{builder: b, images: at.n, check: m.DetectAnomaly}
	p.x, p.t = network.Inputs(b, m.Network, at.n, at.c, at.h, at.w)
	p.y = m.Network.Build(b, p.x, p.t)
	if err := b.Err(); err != nil {
		return nil, nil, err
	}
	if !at.training {
		return p, gorgonia.Nodes{p.y}, nil
	}
	m.whole = b.WholeBatches()
	p.target, p.weights = b.Input("target", p.y.Shape()...), b.Input("weights", at.n)
	if p.losses, err = m.loss(p.y, p.target); err != nil {
		return nil, nil, fmt.Errorf("loss: %w", err)
	}
	if s := p.losses.Shape(); !s.Eq(p.weights.Shape()) {
		return nil, nil, fmt.Errorf("loss: a result of shape %v for %d samples, want (%d): one number for each sample, such as the mean over its own elements", s, at.n, at.n)
	}
	cost, err := op.Dot(p.losses, p.weights)
	if err != nil {
		return nil, nil, fmt.Errorf("loss: %w", err)
	}
	nodes, err := b.ParamNodes()
	if err != nil {
		return nil, nil, err
	}
	var learned []*param.Param
	for i, of := range m.Params.Params() {
		if !of.Frozen() {
			nodes[len(learned)] = nodes[i]
			learned = append(learned, of)
		}
	}
	if len(learned) == 0 {
		return nil, nil, fmt.Errorf("there is no parameter to learn: all are frozen")
	}
	gradients, err := gorgonia.Grad(cost, nodes[:len(learned)]...)
	if err != nil {
		return nil, nil, fmt.Errorf("differentiating: %w", err)
	}
	for i, node := range gradients {
		of := learned[i]
		// Anomalies are detected in the operations' own results, which direct gradients do not have.
		if o, ok := node.Op().(op.Accumulator); ok && !m.DetectAnomaly {
			p.direct = append(p.direct, direct{param: of, operation: o})
		} else {
			p.gradients = append(p.gradients, gradient{of, node})
		}
	}
	m.joint = len(p.gradients) == 0 && !m.whole
	for _, node := range b.Graph.AllNodes() {
		if o, ok := node.Op().(op.Parted); ok {
			p.parted = append(p.parted, o)
		}
	}
	return p, append(gorgonia.Nodes{p.losses}, gradients...), nil
}
