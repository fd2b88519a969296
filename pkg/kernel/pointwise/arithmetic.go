package pointwise

import "multiscale/pkg/kernel/pointwise/vector"

// Sum writes y = xs[0] + xs[1] + ..., added from left to right. There must be at
// least one input. y may be xs[0].
func Sum(y []float32, xs ...[]float32) {
	for _, x := range xs {
		same("Sum", len(y), len(x))
	}
	j := newJob(sum, y, nil)
	j.cut = copy(j.xs[:], xs)
	for rest := xs[j.cut:]; len(rest) > 0; {
		j.elements(len(y))
		j = newJob(sum, y, nil)
		j.xs[0] = y
		taken := copy(j.xs[1:], rest)
		rest, j.cut = rest[taken:], taken+1
	}
	j.elements(len(y))
}

// sumBlock is the number of elements that stay in the first-level cache while all inputs
// are added to them.
const sumBlock = 1 << 11

func sum(j *job, lo, hi int) {
	for ; lo < hi; lo += sumBlock {
		end := min(lo+sumBlock, hi)
		y := j.y[lo:end]
		if j.cut == 1 {
			copy(y, j.xs[0][lo:end])
			continue
		}
		vector.Add(y, j.xs[0][lo:end], j.xs[1][lo:end])
		for _, x := range j.xs[2:j.cut] {
			vector.Add(y, y, x[lo:end])
		}
	}
}

// Axpy adds a*x to y.
func Axpy(y []float32, a float32, x []float32) {
	same("Axpy", len(y), len(x))
	j := newJob(axpy, y, x)
	j.a = a
	j.elements(len(x))
}

func axpy(j *job, lo, hi int) { vector.Axpy(j.y[lo:hi], j.a, j.x[lo:hi]) }

// Scale writes y = a*x. y may be x.
func Scale(y []float32, a float32, x []float32) {
	same("Scale", len(y), len(x))
	j := newJob(scale, y, x)
	j.a = a
	j.elements(len(x))
}

func scale(j *job, lo, hi int) { vector.Scale(j.y[lo:hi], j.a, j.x[lo:hi]) }

// AddChannel writes y = x + e, where x and y have shape (n,c,hw) and e (n,c)
// is broadcast over hw. y may be x.
func AddChannel(y, x, e []float32, n, c, hw int) {
	same("AddChannel", n*c*hw, len(y), len(x), len(e)*hw)
	j := newJob(addChannel, y, x)
	j.z = e
	j.byRows(n*c, hw)
}

func addChannel(j *job, lo, hi int) {
	vector.AddRows(j.y[lo*j.width:hi*j.width], j.x[lo*j.width:hi*j.width], j.z[lo:hi], j.width)
}

// ChannelSums writes ge (n,c) as the sums over hw of gy (n,c,hw): the gradient
// of AddChannel with respect to e.
func ChannelSums(ge, gy []float32, n, c, hw int) {
	same("ChannelSums", n*c*hw, len(gy), len(ge)*hw)
	newJob(channelSums, ge, gy).byRows(n*c, hw)
}

func channelSums(j *job, lo, hi int) {
	vector.SumRows(j.y[lo:hi], j.x[lo*j.width:hi*j.width], j.width)
}

// SquaredNorm returns the sum of the squares of x, accumulated in float64.
func SquaredNorm(x []float32) float64 { return newJob(squaredNorm, nil, x).total(len(x)) }

func squaredNorm(j *job, lo, hi int) {
	at := lo / j.step
	vector.RowMoments(j.moments[2*at:][:2], j.x[lo:hi], hi-lo)
	j.sums[at] = j.moments[2*at+1]
}

// Finite reports whether x has neither infinities nor NaNs.
func Finite(x []float32) bool { return newJob(finite, nil, x).total(len(x)) == 0 }

func finite(j *job, lo, hi int) {
	j.sums[lo/j.step] = 0
	if !vector.Finite(j.x[lo:hi]) {
		j.sums[lo/j.step] = 1
	}
}
