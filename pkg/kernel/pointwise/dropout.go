package pointwise

import (
	"math"

	"multiscale/pkg/kernel/pointwise/vector"
)

// Dropout writes y = x/(1-p) for the elements that it keeps and 0 for those that
// it drops. It drops an element with probability p in [0, 1), accurate to 2^-17.
// x holds len(samples) samples of per elements. Whether element e of sample i is
// kept is a function of key, samples[i] and e only, so that it does not depend on
// how samples are grouped into batches. The backward pass is Dropout of the
// gradient with the same key and samples. y may be x.
func Dropout(y, x []float32, p float32, key uint64, samples []uint64, per int) {
	DropoutStrided(y, x, p, key, samples, nil, per, 0, 0)
}

// DropoutStrided is Dropout for samples (per/(h*w),h,w) that may use the masks of
// finer images: with stride k, pixel (i,j) is kept if Dropout keeps pixel (k*i,k*j)
// of a sample of k*h times k*w pixels. strides has one element for each sample; nil
// stands for strides of 1, with which DropoutStrided equals Dropout.
func DropoutStrided(y, x []float32, p float32, key uint64, samples []uint64, strides []int, per, h, w int) {
	same("Dropout", len(samples)*per, len(y), len(x))
	if !(p >= 0 && p < 1) {
		panic("pointwise: Dropout: probability outside [0, 1)")
	}
	j := newJob(dropout, y, x)
	if strides != nil {
		same("DropoutStrided", len(samples), len(strides))
		j.more.strides, j.more.h, j.more.w = strides, h, w
	}
	j.a = 1 / (1 - p)
	j.width = per
	j.cut = (per + chunkSize - 1) / chunkSize // parts of a sample
	j.more.key, j.more.samples = key, samples
	j.more.threshold = int16(min(math.Round(float64(p)*65536)-32768, math.MaxInt16))
	j.run(len(samples)*j.cut, max(1, chunkSize/max(per, 1)))
	j.release()
}

func dropout(j *job, lo, hi int) {
	for i := lo; i < hi; i++ {
		sample, part := i/j.cut, i%j.cut
		from, to := part*chunkSize, min((part+1)*chunkSize, j.width)
		seed := vector.Mix(j.more.key ^ vector.Mix(j.more.samples[sample]))
		base := sample * j.width
		if j.more.strides != nil && j.more.strides[sample] > 1 {
			strided(j, base, from, to, j.more.strides[sample], seed)
			continue
		}
		vector.Dropout(j.y[base+from:base+to], j.x[base+from:base+to], seed, uint64(from/4), j.more.threshold, j.a)
	}
}

// strided is Dropout for elements [from,to) of the sample at base, with the mask of an
// image that is finer by the factor k.
func strided(j *job, base, from, to, k int, seed uint64) {
	h, w := j.more.h, j.more.w
	for at := from; at < to; {
		row := at / w // counted over all channels
		channel, i := row/h, row%h
		end := min((row+1)*w, to)
		// fine is the place of the current pixel in the finer image.
		fine := (channel*h*k+i*k)*w*k + (at-row*w)*k
		for ; at < end; at++ {
			y := &j.y[base+at]
			if *y = j.x[base+at] * j.a; !vector.Kept(seed, uint64(fine), j.more.threshold) {
				*y = 0
			}
			fine += k
		}
	}
}
