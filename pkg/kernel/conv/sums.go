package conv

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
	"multiscale/pkg/kernel/pointwise/vector"
)

// sumJob sums the planes of gy. A chunk consists of whole images, which the cache of its
// core may still hold from the previous operation.
type sumJob struct {
	gShift, gy []float32
	shape      Shape
	kernels    *lanes.Kernels
	images     int       // in a chunk
	totals     []float64 // (chunks, O)
}

var sumJobs kernel.Free[sumJob]

// summed is the approximate number of values in a chunk.
const summed = 1 << 14

// sums computes the gradients with respect to bias and shift, unless their slices are nil.
func sums(gBias, gShift, gy []float32, s Shape) {
	j := sumJobs.Get()
	images := max(1, summed/(s.O*s.OutH()*s.OutW()))
	chunks := ceil(s.N, images)
	totals := j.totals
	if cap(totals) < chunks*s.O {
		totals = make([]float64, chunks*s.O)
	}
	*j = sumJob{gShift, gy, s, kernels(), images, totals[:chunks*s.O]}
	run(chunks, j)
	for c := 1; c < chunks; c++ {
		for o, v := range j.totals[c*s.O:][:s.O] {
			j.totals[o] += v
		}
	}
	for o := range gBias {
		gBias[o] = float32(j.totals[o])
	}
	*j = sumJob{totals: j.totals}
	sumJobs.Put(j)
}

// do sums the planes of one chunk.
func (j *sumJob) do(s *scratch, chunk int) {
	size := j.shape.OutH() * j.shape.OutW()
	totals := j.totals[chunk*j.shape.O:][:j.shape.O]
	clear(totals)
	for n := chunk * j.images; n < min(j.shape.N, (chunk+1)*j.images); n++ {
		planes := j.gy[n*j.shape.O*size:][:j.shape.O*size]
		s.sums = grow(s.sums, j.shape.O)
		if size <= fewPixels {
			vector.SumRows(s.sums, planes, size)
		} else {
			for o := range s.sums {
				s.sums[o] = float32(s.sum(j.kernels, planes[o*size:(o+1)*size]))
			}
		}
		for o, v := range s.sums {
			totals[o] += float64(v)
		}
		if j.gShift != nil {
			copy(j.gShift[n*j.shape.O:], s.sums)
		}
	}
}

// fewPixels is the largest size of planes that are summed by SumRows, all planes of an image
// at once. They have at most one TotalUnit, so that Total has no advantage.
const fewPixels = 64

// partSize is the number of values that are summed in float32 before their sum is added to a
// float64. Total sums them in parallel strands, 64 with AVX-512 and 32 with AVX2, which
// limits the rounding error to that of about 100 additions.
const partSize = 64 * lanes.TotalUnit

func (s *scratch) sum(k *lanes.Kernels, v []float32) float64 {
	total := 0.0
	for len(v) >= lanes.TotalUnit {
		n := min(partSize, len(v)/lanes.TotalUnit*lanes.TotalUnit)
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
