package pointwise

import (
	"math"

	"multiscale/pkg/kernel/pointwise/vector"
)

// Dropout writes y = x/(1-p) where an element is kept and 0 where it is
// dropped, which happens with probability p in [0, 1), to within 2^-17. x
// holds len(samples) samples of per elements. Whether element e of sample i is
// kept is a function of key, samples[i] and e, so that it does not depend on
// how samples are grouped into batches. Called on the gradient with the same
// key and samples it is its own backward pass. y may be x.
func Dropout(y, x []float32, p float32, key uint64, samples []uint64, per int) {
	same("Dropout", len(samples)*per, len(y), len(x))
	if !(p >= 0 && p < 1) {
		panic("pointwise: Dropout: probability outside [0, 1)")
	}
	j := newJob(dropout, y, x)
	j.a = 1 / (1 - p)
	j.width = per
	j.cut = (per + chunkSize - 1) / chunkSize // parts of a sample
	j.more = extra{key: key, samples: samples, threshold: int16(min(math.Round(float64(p)*65536)-32768, math.MaxInt16))}
	j.run(len(samples)*j.cut, max(1, chunkSize/max(per, 1)))
	j.release()
}

func dropout(j *job, lo, hi int) {
	for i := lo; i < hi; i++ {
		sample, part := i/j.cut, i%j.cut
		from, to := part*chunkSize, min((part+1)*chunkSize, j.width)
		seed := vector.Mix(j.more.key ^ vector.Mix(j.more.samples[sample]))
		base := sample * j.width
		vector.Dropout(j.y[base+from:base+to], j.x[base+from:base+to], seed, uint64(from/4), j.more.threshold, j.a)
	}
}
