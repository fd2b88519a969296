package norm

import (
	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/pointwise/vector"
)

var backwardPhases = phases{rowSums, slopes, gradient}

// rowSums is the first phase of Backward: the two sums of each row that both
// the statistics and the affine parameters need. Where the gradient before the
// activation is dear it stays in y (which is gx), for the second phase to find
// it still in the cache; where it is cheap it is computed again.
func rowSums(j *job, group, lo, hi int) {
	mean := j.mean[group]
	scale, shift := j.coefficients(group, lo, hi, float64(j.rstd[group]), 0)
	gx, gy, x := j.data(j.y, group, lo, hi), j.data(j.gy, group, lo, hi), j.data(j.x, group, lo, hi)
	at := group * j.rows
	sums := j.sums[2*(at+lo) : 2*(at+hi)]
	switch j.act.Kind {
	case kernel.SiLU:
		vector.NormSumsSiLU(gx, gy, x, j.width, mean, scale, shift, sums)
	case kernel.Tanh:
		tanhGradients(gx, gy, x, j.width, mean, scale, shift)
		vector.NormSumsLeaky(gx, x, j.width, mean, scale, shift, 1, sums)
	default:
		vector.NormSumsLeaky(gy, x, j.width, mean, scale, shift, leakySlope(j.act), sums)
	}
}

// tanhGradients takes a tanh off the gradient. No network of ours normalises
// before a tanh, so this is short rather than fast.
func tanhGradients(gz, gy, x []float32, width int, mean float32, scale, shift []float32) {
	var u [1]float32
	for i := range gz {
		r := i / width
		u[0] = (x[i]-mean)*scale[r] + shift[r]
		vector.TanhGrad(gz[i:i+1], gy[i:i+1], u[:])
	}
}

// slopes draws from the sums over the group what the statistics add to the
// gradient. With z the normalised input and gz the gradient before the
// activation, averages over the group:
//
//	gx = rstd * (gamma*gz - mean(gamma*gz) - z*mean(gamma*gz*z))
func slopes(j *job, group int) {
	at, c := group*j.rows, group%j.groups*j.perGroup
	var plain, weighted float64
	for r := range j.rows {
		gamma := 1.0
		if j.gamma != nil {
			gamma = float64(j.gamma[c+r])
		}
		plain += gamma * j.sums[2*(at+r)]
		weighted += gamma * j.sums[2*(at+r)+1]
	}
	rstd, n := float64(j.rstd[group]), float64(j.rows*j.width)
	j.tilt[group], j.offset[group] = float32(-rstd*rstd*rstd*weighted/n), float32(-rstd*plain/n)
}

// gradient is the last phase of Backward.
func gradient(j *job, group, lo, hi int) {
	gx, gz, x := j.data(j.y, group, lo, hi), j.data(j.gy, group, lo, hi), j.data(j.x, group, lo, hi)
	act := leakySlope(j.act)
	if j.act.Kind == kernel.SiLU || j.act.Kind == kernel.Tanh {
		gz, act = gx, 1
	}
	at := group * j.rows
	scale, shift := j.scale[at+lo:at+hi], j.shift[at+lo:at+hi]
	vector.NormGradLeaky(gx, gz, x, j.width, j.mean[group], scale, shift, act, j.tilt[group], j.offset[group])
}

// affineGradients adds up the sums of the rows over the samples, in order, onto
// those of the first.
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

// add does so for the channels of one group.
func (j *job) add(group int) {
	c := group * j.perGroup
	total := j.sums[2*c : 2*(c+j.perGroup)]
	rstd := float64(j.rstd[group])
	for i := 1; i < len(total); i += 2 {
		total[i] *= rstd
	}
	for g := group + j.groups; g < j.total; g += j.groups {
		vector.AddPairs(total, j.sums[2*g*j.perGroup:], float64(j.rstd[g]))
	}
	for i := range j.perGroup {
		if j.gGamma != nil {
			j.gGamma[c+i] = float32(total[2*i+1])
		}
		if j.gBeta != nil {
			j.gBeta[c+i] = float32(total[2*i])
		}
	}
}
