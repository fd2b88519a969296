package model

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/graph"
	"multiscale/pkg/layer"
	"multiscale/pkg/mesh"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/random"
)

// program is the graph of one shape.
type program struct {
	*graph.Program
	builder      *layer.Builder
	x, t, target *gorgonia.Node
	weights      *gorgonia.Node // of the samples' losses in the cost
	y, losses    *gorgonia.Node
	direct       []direct   // gradients that operations write directly to the targets
	gradients    []gradient // all other gradients
	parted       []op.Parted
	parts        []int // number of samples of each target
	images       int
	part         []int // index of the part of each sample
	strides      []int // of each sample
	check        bool  // whether to detect anomalies
}

// direct is a parameter with the operation that computes its gradient.
type direct struct {
	param     *param.Param
	operation op.Accumulator
	targets   []op.Target
}

// into makes operations write the direct gradients to their parameters' slices of vectors, which have the gradients of
// all parameters.
func (p *program) into(vectors []op.Target) {
	p.parts = p.parts[:0]
	for _, v := range vectors {
		p.parts = append(p.parts, v.Samples)
	}
	for _, o := range p.parted {
		o.Parts(p.parts)
	}
	for i := range p.direct {
		d := &p.direct[i]
		d.targets = append(d.targets[:0], vectors...)
		for k := range d.targets {
			d.targets[k].Dst = d.param.Slice(d.targets[k].Dst)
		}
		d.operation.Into(d.targets)
	}
}

// gradient is a parameter with the node of its gradient.
type gradient struct {
	param *param.Param
	node  *gorgonia.Node
}

// fill copies samples lo to hi-1, counted over all parts, to the inputs.
func (p *program) fill(parts []*mesh.Part, lo, hi int) error {
	p.part = p.part[:0]
	samples, strides, shared := p.builder.Sampling.Samples[:0], p.strides[:0], false
	at := 0 // the part's first sample
	for i, part := range parts {
		n := part.Batch.Len()
		from, to := max(lo-at, 0), min(hi-at, n)
		at += n
		if from >= to {
			continue
		}
		b, done := part.Batch.Slice(from, to), len(p.part)
		shared = shared || part.Stride > 1
		if err := p.put(p.x, done, to-from, b.Input.Data); err != nil {
			return err
		}
		if p.t != nil {
			if err := p.put(p.t, done, to-from, b.T); err != nil {
				return err
			}
		}
		if p.target != nil {
			if err := p.put(p.target, done, to-from, b.Target.Data); err != nil {
				return err
			}
		}
		for _, sample := range b.Samples {
			if p.weights != nil {
				floats(p.weights)[len(p.part)] = float32(part.Weight / float64(part.Mean()))
			}
			p.part = append(p.part, i)
			samples = append(samples, random.Key(part.Key, sample))
			strides = append(strides, max(part.Stride, 1))
		}
	}
	p.builder.Sampling.Samples, p.strides = samples, strides
	if p.builder.Sampling.Strides = nil; shared {
		p.builder.Sampling.Strides = strides
	}
	return nil
}

// run evaluates the graph.
func (p *program) run() error {
	if p.check {
		return p.Check()
	}
	return p.Run()
}

// put copies data, the values of a number of samples, to the input node n, starting at the given sample.
func (p *program) put(n *gorgonia.Node, sample, samples int, data []float32) error {
	all := floats(n)
	per := len(all) / p.images
	if len(data) != samples*per {
		return fmt.Errorf("%s: %d numbers for %d samples, want %d each", n.Name(), len(data), samples, per)
	}
	copy(all[sample*per:], data)
	return nil
}

func floats(n *gorgonia.Node) []float32 {
	return n.Value().(interface{ Float32s() []float32 }).Float32s()
}
