package task

import "multiscale/pkg/mesh"

// NewProbe returns n training samples of a sampler on the finest mesh, with fixed noise and t, to be
// measured as validation samples are. They are drawn from the sampler's seed, which is to be one that
// no training batch has.
func NewProbe(s *Sampler, n int) (*Validation, error) {
	b, _, err := s.Draw(mesh.Request{Size: n})
	return &Validation{Batch: b, Scale: s.Scale, task: s.Task}, err
}
