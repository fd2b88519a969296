package conv

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

// sumJob adds up the planes of gy.
type sumJob struct {
	gBias, gShift, gy []float32
	shape             Shape
	kernels           *lanes.Kernels
}

var sumJobs free[sumJob]

// sums computes the gradients of bias and shift.
func sums(gBias, gShift, gy []float32, s Shape) {
	j := sumJobs.get()
	*j = sumJob{gBias, gShift, gy, s, kernels}
	kernel.Run(s.O, j)
	*j = sumJob{}
	sumJobs.put(j)
}

// Do sums the planes of one output channel.
func (j *sumJob) Do(o int) {
	s := scratches.get()
	size := j.shape.OutH() * j.shape.OutW()
	total := 0.0
	for n := range j.shape.N {
		first := n*j.shape.O + o
		v := s.sum(j.kernels, j.gy[first*size:(first+1)*size])
		if j.gShift != nil {
			j.gShift[first] = float32(v)
		}
		total += v
	}
	if j.gBias != nil {
		j.gBias[o] = float32(total)
	}
	s.release()
}

// stretch is how much is summed in float32 at once, in dozens of strands, so that
// rounding errors stay those of some 100 additions.
const stretch = 64 * lanes.TotalUnit

func (s *scratch) sum(k *lanes.Kernels, v []float32) float64 {
	total := 0.0
	for len(v) >= lanes.TotalUnit {
		n := min(stretch, len(v)/lanes.TotalUnit*lanes.TotalUnit)
		s.total.Src, v = v[:n], v[n:]
		k.Total(&s.total)
		for _, x := range s.total.Sums[:k.Lanes] {
			total += float64(x)
		}
	}
	for _, x := range v {
		total += float64(x)
	}
	return total
}
