package norm

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

var backwardPhases = phases{rowSums, slopes, gradient}

// rowSums is the first phase of Backward: the two sums of each row from which the
// gradients through the statistics and with respect to the affine parameters are
// computed. If the gradient before the activation is expensive, it is stored in y
// (which is gx) for the last phase, which may find it in the cache. If it is cheap,
// it is computed again.
func rowSums(c *core, lo, hi int) {
	c.prepare(lo, hi)
	gx, gy, x, sums := c.data(c.y, lo, hi), c.data(c.gy, lo, hi), c.data(c.x, lo, hi), c.sums[2*lo:2*hi]
	switch c.act.Kind {
	case kernel.SiLU:
		vector.NormSumsSiLU(gx, gy, x, c.width, c.mean, c.scale, c.shift, sums)
	case kernel.Tanh:
		c.tanhGradients(gx, gy, x)
		vector.NormSumsLeaky(gx, x, c.width, c.mean, c.scale, c.shift, 1, sums)
	default:
		vector.NormSumsLeaky(gy, x, c.width, c.mean, c.scale, c.shift, leakySlope(c.act), sums)
	}
}

// tanhGradients writes the gradient before a tanh. None of the networks normalises
// before a tanh, so this code is short rather than fast.
func (c *core) tanhGradients(gz, gy, x []float32) {
	var u [1]float32
	for i := range gz {
		r := i / c.width
		u[0] = float32((x[i]-c.mean[r])*c.scale[r]) + c.shift[r]
		vector.Tanh(u[:], u[:])
		vector.TanhGrad(gz[i:i+1], gy[i:i+1], u[:])
	}
}

// slopes is the second phase of Backward: from the sums over each group it computes the
// contribution of the statistics to the gradient. With the normalised input z, the
// gradient gz before the activation, and means over the group,
//
//	gx = rstd * (gamma*gz - mean(gamma*gz) - z*mean(gamma*gz*z))
func slopes(j *job, from, to int) {
	vector.WeighGroups(j.totals[2*from:2*to], j.sums[2*from*j.rows:2*to*j.rows], j.gamma, from*j.rows%j.channels, j.rows)
	n := float64(j.rows * j.width)
	for group := from; group < to; group++ {
		plain, weighted := j.totals[2*group], j.totals[2*group+1]
		rstd := float64(j.rstd[group])
		j.tilt[group], j.offset[group] = float32(-rstd*rstd*rstd*weighted/n), float32(-rstd*plain/n)
	}
}

// gradient is the last phase of Backward.
func gradient(c *core, lo, hi int) {
	c.prepare(lo, hi)
	c.tilt, c.offset = resize(c.tilt, hi-lo), resize(c.offset, hi-lo)
	from, to, rows := c.groupsOf(lo, hi)
	vector.Repeat(c.tilt, c.job.tilt[from:to], rows)
	vector.Repeat(c.offset, c.job.offset[from:to], rows)
	gz, act := c.gy, leakySlope(c.act)
	if c.act.Kind == kernel.SiLU || c.act.Kind == kernel.Tanh {
		gz, act = c.y, 1
	}
	vector.NormGradLeaky(c.data(c.y, lo, hi), c.data(gz, lo, hi), c.data(c.x, lo, hi), c.width, c.mean, c.scale, c.shift, act, c.tilt, c.offset)
}

// affineGradients writes the gradients with respect to gamma and beta. It adds the sums of
// the rows over the samples, in order, in the place of those of the first sample.
func (j *job) affineGradients(gGamma, gBeta []float32) {
	if !j.affine {
		return
	}
	j.gGamma, j.gBeta, j.adding = gGamma, gBeta, true
	if j.total*j.perGroup < chunkSize/4 {
		for g := range j.groups {
			j.Do(g)
		}
	} else {
		kernel.Run(j.groups, j)
	}
	j.gGamma, j.gBeta, j.adding = nil, nil, false
}

// add computes the affine gradients for the channels of one group.
func (j *job) add(group int) {
	c := group * j.perGroup
	total := j.sums[2*c : 2*(c+j.perGroup)]
	vector.AddPairs(total, j.sums[2*c:], 2*j.perGroup*j.groups, j.rstd[group:j.total], j.groups)
	for i := range j.perGroup {
		if j.gGamma != nil {
			j.gGamma[c+i] = float32(total[2*i+1])
		}
		if j.gBeta != nil {
			j.gBeta[c+i] = float32(total[2*i])
		}
	}
}
