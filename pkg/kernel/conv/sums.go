package conv

import "multiscale/pkg/kernel"

// sumJob adds up the planes of gy.
type sumJob struct {
	gBias, gShift, gy []float32
	shape             Shape
}

var sumJobs free[sumJob]

// sums computes the gradients of bias and shift.
func sums(gBias, gShift, gy []float32, s Shape) {
	j := sumJobs.get()
	*j = sumJob{gBias, gShift, gy, s}
	kernel.Run(s.O, j)
	*j = sumJob{}
	sumJobs.put(j)
}

// Do sums the planes of one output channel.
func (j *sumJob) Do(o int) {
	size := j.shape.OutH() * j.shape.OutW()
	total := float32(0)
	for n := range j.shape.N {
		first := n*j.shape.O + o
		v := sum(j.gy[first*size : (first+1)*size])
		if j.gShift != nil {
			j.gShift[first] = v
		}
		total += v
	}
	if j.gBias != nil {
		j.gBias[o] = total
	}
}

// sum adds in eight strands over short stretches, so that rounding errors stay
// those of a few hundred additions.
func sum(v []float32) float32 {
	const stretch = 1024
	total := 0.0
	for len(v) > 0 {
		part := v[:min(stretch, len(v))]
		v = v[len(part):]
		var s [8]float32
		for ; len(part) >= 8; part = part[8:] {
			p := part[:8:8]
			s[0] += p[0]
			s[1] += p[1]
			s[2] += p[2]
			s[3] += p[3]
			s[4] += p[4]
			s[5] += p[5]
			s[6] += p[6]
			s[7] += p[7]
		}
		for i, x := range part {
			s[i] += x
		}
		total += float64((s[0] + s[1]) + (s[2] + s[3]) + (s[4] + s[5]) + (s[6] + s[7]))
	}
	return float32(total)
}
