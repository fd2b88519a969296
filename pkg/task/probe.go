package task

import (
	"multiscale/pkg/mesh"
	"multiscale/pkg/share"
)

// NewProbe returns n training samples of a sampler on the finest mesh, with fixed noise and t, which
// are measured as validation samples are. They are drawn from the sampler's seed, which no training
// batch may have. Ranks are those of NewValidation.
func NewProbe(s *Sampler, n int, ranks share.Ranks) (*Validation, error) {
	p := partOf(n, ranks)
	b, _, err := s.Draw(mesh.Request{Size: n, From: p.from, To: p.end()})
	return &Validation{Batch: b, Scale: s.Scale, task: s.Task, part: p}, err
}
