package layer

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/op"
)

// MaxPeriod is the longest period of the sinusoids that embed t.
const MaxPeriod = 10000

// Sinusoid embeds t (N) as (N,dim) sines and cosines; see op.Sinusoid.
func (b *Builder) Sinusoid(t *gorgonia.Node, dim int, cosFirst bool) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.Sinusoid(t, dim, MaxPeriod, cosFirst) })
}

// Column turns t (N) into the matrix (N,1).
func (b *Builder) Column(t *gorgonia.Node) *gorgonia.Node {
	return b.build(func() (*gorgonia.Node, error) { return op.Column(t) })
}

// TimeEmbedding embeds t (N) as (N,width). The first half are fixed sines and cosines; the
// second half are the outputs of three learned linear layers, name.fc1 to name.fc3, with ReLU
// between them (the paper's section on its ResNet).
func (b *Builder) TimeEmbedding(name string, t *gorgonia.Node, width, hidden int) *gorgonia.Node {
	fixed := b.Sinusoid(t, width/2, false)
	h := b.Activate(b.Linear(join(name, "fc1"), b.Column(t), hidden), ReLU)
	h = b.Activate(b.Linear(join(name, "fc2"), h, hidden), ReLU)
	learned := b.Linear(join(name, "fc3"), h, width-width/2)
	return b.Concat(fixed, learned)
}
