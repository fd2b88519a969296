package vector

// fits panics if one of the lengths is not rows*width. The assembly does not check
// this.
func fits(rows, width int, lengths ...int) {
	for _, n := range lengths {
		if n != rows*width {
			panic("vector: rows do not fit their slices")
		}
	}
}

// AddRows writes to y the sum of e[r] and row r of x. Rows have the given width.
func AddRows(y, x, e []float32, width int) {
	fits(len(e), width, len(y), len(x))
	if len(e) > 0 {
		active().addRows(y, x, e, width)
	}
}

// SumRows writes the sum of each row of x to s.
func SumRows(s, x []float32, width int) {
	fits(len(s), width, len(x))
	if len(s) > 0 {
		active().sumRows(s, x, width)
	}
}

// RowMoments writes, for each row r, the sum of x and the sum of its squares to
// sums[2r] and sums[2r+1]. Both are accumulated in float64.
func RowMoments(sums []float64, x []float32, width int) {
	fits(len(sums)/2, width, len(x))
	if len(sums) > 1 {
		active().rowMoments(sums, x, width)
	}
}

// NormalizeLeaky writes Leaky((x-mean[r])*scale[r] + shift[r]) for each row r.
// The mean is subtracted first, because x*scale could be much larger than the
// result, which would then have a large rounding error.
func NormalizeLeaky(y, x []float32, width int, mean, scale, shift []float32, slope float32) {
	mean, shift = mean[:len(scale)], shift[:len(scale)]
	fits(len(scale), width, len(y), len(x))
	if len(scale) > 0 {
		active().normalizeLeaky(y, x, width, mean, scale, shift, slope)
	}
}

// NormalizeSiLU writes SiLU((x-mean[r])*scale[r] + shift[r]) for each row r.
func NormalizeSiLU(y, x []float32, width int, mean, scale, shift []float32) {
	mean, shift = mean[:len(scale)], shift[:len(scale)]
	fits(len(scale), width, len(y), len(x))
	if len(scale) > 0 {
		active().normalizeSiLU(y, x, width, mean, scale, shift)
	}
}

// NormSumsLeaky writes, for each row r, the sums of gz and gz*(x-mean[r]) to
// sums[2r] and sums[2r+1]. gz is the gradient before the activation of
// NormalizeLeaky, gy the gradient after it.
func NormSumsLeaky(gy, x []float32, width int, mean, scale, shift []float32, slope float32, sums []float64) {
	mean, shift, sums = mean[:len(scale)], shift[:len(scale)], sums[:2*len(scale)]
	fits(len(scale), width, len(gy), len(x))
	if len(scale) > 0 {
		active().normSumsLeaky(gy, x, width, mean, scale, shift, slope, sums)
	}
}

// NormSumsSiLU is NormSumsLeaky for NormalizeSiLU. It also writes gz, which may be
// gy.
func NormSumsSiLU(gz, gy, x []float32, width int, mean, scale, shift []float32, sums []float64) {
	mean, shift, sums = mean[:len(scale)], shift[:len(scale)], sums[:2*len(scale)]
	fits(len(scale), width, len(gz), len(gy), len(x))
	if len(scale) > 0 {
		active().normSumsSiLU(gz, gy, x, width, mean, scale, shift, sums)
	}
}

// NormGradLeaky writes scale[r]*gz + (x-mean[r])*tilt[r] + offset[r] for each row r, with
// gz as in NormSumsLeaky. gx may be gy.
func NormGradLeaky(gx, gy, x []float32, width int, mean, scale, shift []float32, slope float32, tilt, offset []float32) {
	mean, shift, tilt, offset = mean[:len(scale)], shift[:len(scale)], tilt[:len(scale)], offset[:len(scale)]
	fits(len(scale), width, len(gx), len(gy), len(x))
	if len(scale) > 0 {
		active().normGradLeaky(gx, gy, x, width, mean, scale, shift, slope, tilt, offset)
	}
}

// AffineGroups writes the parameters of a normalisation for every row of some groups: the
// mean of its group, scale = gamma*rstd and shift = beta - rest*gamma*rstd, computed in
// float64. Each group has the given number of rows. Group g has the mean means[g];
// deviations[2g] is its rstd, and deviations[2g+1] its rest, the rounding error of the mean.
// gamma and beta have one value for each channel; nil stands for 1 and 0. The first row has
// the channel first; the last channel is followed by channel 0.
func AffineGroups(mean, scale, shift, gamma, beta []float32, first, rows int, means []float32, deviations []float64) {
	scale, shift, deviations = scale[:len(mean)], shift[:len(mean)], deviations[:2*len(means)]
	fits(len(means), rows, len(mean))
	if len(mean) == 0 || gamma == nil || beta == nil {
		affineGroupsGeneric(mean, scale, shift, gamma, beta, first, rows, means, deviations)
		return
	}
	_, beta = gamma[first], beta[:len(gamma)]
	active().affineGroups(mean, scale, shift, gamma, beta, first, rows, means, deviations)
}

// WeighGroups writes to totals[2g] and totals[2g+1], for each group g, the sums over its rows
// of the pairs in sums, each multiplied by the gamma of its row. rows, first and gamma are as
// in AffineGroups.
func WeighGroups(totals, sums []float64, gamma []float32, first, rows int) {
	fits(len(totals), rows, len(sums))
	if len(sums) == 0 || gamma == nil {
		weighGroupsGeneric(totals, sums, gamma, first, rows)
		return
	}
	_ = gamma[first]
	active().weighGroups(totals, sums, gamma, first, rows)
}

// Repeat writes every element of x to y the given number of times in succession.
func Repeat(y, x []float32, times int) {
	fits(len(x), times, len(y))
	if len(y) > 0 {
		active().repeat(y, x, times)
	}
}

// AddPairs writes to total the sum over samples, in order, of the pairs of each sample. The
// pairs of sample n begin at sums[n*stride]; the second element of each pair is multiplied by
// factors[n*step]. There is one sample for every step factors. total may be the pairs of the
// first sample.
func AddPairs(total, sums []float64, stride int, factors []float32, step int) {
	samples := (len(factors) + step - 1) / step
	_ = sums[:(samples-1)*stride+len(total)]
	if len(total) > 1 {
		active().addPairs(total, sums, stride, factors, step, samples)
	}
}
