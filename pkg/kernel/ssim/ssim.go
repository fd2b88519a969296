package ssim

import (
	"fmt"
	"sync"

	"multiscale/pkg/elementary"
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

const (
	taps  = vector.Taps
	pad   = taps / 2
	sigma = 1.5
	c1    = 0.01 * 0.01
	c2    = 0.03 * 0.03
)

// Shape is the shape of a batch of images.
type Shape struct{ N, C, H, W int }

var window = gaussian()

// Window returns the one-dimensional window, whose sum is 1. The two-dimensional
// window is the outer product of this one with itself.
func Window() [taps]float64 { return window }

func gaussian() (w [taps]float64) {
	var sum float64
	for k := range w {
		d := float64(k - pad)
		w[k] = elementary.Exp(-d * d / (2 * sigma * sigma))
		sum += w[k]
	}
	for k := range w {
		w[k] /= sum
	}
	return w
}

// Forward writes, for each image, the mean over channels and pixels of the
// structural similarity of a and b. perImage has length N, and a and b are (N,C,H,W).
// Forward panics if a slice has the wrong length.
func Forward(perImage []float64, a, b []float32, s Shape) {
	j := newJob(s, len(a), len(b), len(perImage))
	j.a, j.b = a, b
	kernel.Run(s.N*s.C, j)
	for i := range perImage {
		perImage[i] = 0
		for _, v := range j.sums[i*s.C : (i+1)*s.C] {
			perImage[i] += v
		}
		perImage[i] /= float64(s.C * s.H * s.W)
	}
	j.release()
}

// Backward writes ga, the gradient with respect to a of the sum over images i
// of weights[i] times the result of Forward. The index is symmetric, so the gradient
// with respect to b results from exchanging a and b. Backward panics if a slice has
// the wrong length.
func Backward(ga, a, b []float32, s Shape, weights []float32) {
	j := newJob(s, len(a), len(b), len(weights))
	if len(ga) != len(a) {
		panic("ssim: the gradient differs in length from the image")
	}
	j.a, j.b, j.ga, j.weights = a, b, ga, weights
	kernel.Run(s.N*s.C, j)
	j.release()
}

// job is one call; a chunk is one channel of one image.
type job struct {
	Shape
	a, b, ga, weights []float32
	sums              []float64
}

var jobs = sync.Pool{New: func() any { return new(job) }}

func newJob(s Shape, na, nb, images int) *job {
	if n := s.N * s.C * s.H * s.W; na != n || nb != n || images != s.N {
		panic(fmt.Sprintf("ssim: slices do not fit the shape %+v", s))
	}
	j := jobs.Get().(*job)
	j.Shape = s
	if cap(j.sums) < s.N*s.C {
		j.sums = make([]float64, s.N*s.C)
	}
	j.sums = j.sums[:s.N*s.C]
	return j
}

func (j *job) release() {
	j.a, j.b, j.ga, j.weights = nil, nil, nil, nil
	jobs.Put(j)
}

// Do implements kernel.Job.
func (j *job) Do(chunk int) {
	n := j.H * j.W
	p := planes.Get().(*plane)
	p.load(j.a[chunk*n:][:n], j.b[chunk*n:][:n], j.H, j.W)
	p.statistics()
	if j.ga == nil {
		j.sums[chunk] = p.similarity()
	} else {
		weight := float64(j.weights[chunk/j.C]) / float64(j.C*n)
		p.gradient(j.ga[chunk*n:][:n], weight)
	}
	planes.Put(p)
}
