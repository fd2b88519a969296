package task

import (
	"multiscale/pkg/mesh"
	"multiscale/pkg/share"
)

// NewProbe returns n training samples on the finest mesh with fixed noise and t, to be measured like
// validation samples. They are a function of the sampler's seed, which must differ from the seed of
// training batches. ranks is as in NewValidation.
func NewProbe(s *Sampler, n int, ranks share.Ranks) (*Validation, error) {
	p := partOf(n, ranks)
	b, _, err := s.Draw(mesh.Request{Size: n, From: p.from, To: p.end()})
	return &Validation{Batch: b, Scale: s.Scale, task: s.Task, part: p}, err
}
