package vector

// fits panics if one of the lengths is not that of rows of the given width:
// the assembly would not notice.
func fits(rows, width int, lengths ...int) {
	for _, n := range lengths {
		if n != rows*width {
			panic("vector: rows do not fit their slices")
		}
	}
}

// AddRows adds e[r] to row r of x; rows have the given width.
func AddRows(y, x, e []float32, width int) {
	fits(len(e), width, len(y), len(x))
	if len(e) > 0 {
		active().addRows(y, x, e, width)
	}
}

// SumRows writes the sum of each row of x.
func SumRows(s, x []float32, width int) {
	fits(len(s), width, len(x))
	if len(s) > 0 {
		active().sumRows(s, x, width)
	}
}

// RowMoments writes for each row the sums of x and of its squares, accumulated in
// float64, into sums[2r] and sums[2r+1].
func RowMoments(sums []float64, x []float32, width int) {
	fits(len(sums)/2, width, len(x))
	if len(sums) > 1 {
		active().rowMoments(sums, x, width)
	}
}

// NormalizeLeaky writes Leaky((x-mean[r])*scale[r] + shift[r]) for each row r.
// The mean is taken off first because x*scale alone could dwarf the result.
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

// NormSumsLeaky writes for each row the sums of gz and gz*(x-mean[r]) into
// sums[2r] and sums[2r+1], where gz is the gradient before the activation of
// NormalizeLeaky and gy the one after it.
func NormSumsLeaky(gy, x []float32, width int, mean, scale, shift []float32, slope float32, sums []float64) {
	mean, shift, sums = mean[:len(scale)], shift[:len(scale)], sums[:2*len(scale)]
	fits(len(scale), width, len(gy), len(x))
	if len(scale) > 0 {
		active().normSumsLeaky(gy, x, width, mean, scale, shift, slope, sums)
	}
}

// NormSumsSiLU is NormSumsLeaky for NormalizeSiLU, whose gz it also writes. gz
// may be gy.
func NormSumsSiLU(gz, gy, x []float32, width int, mean, scale, shift []float32, sums []float64) {
	mean, shift, sums = mean[:len(scale)], shift[:len(scale)], sums[:2*len(scale)]
	fits(len(scale), width, len(gz), len(gy), len(x))
	if len(scale) > 0 {
		active().normSumsSiLU(gz, gy, x, width, mean, scale, shift, sums)
	}
}

// NormGradLeaky writes scale[r]*gz + (x-mean[r])*tilt[r] + offset[r] for each row r, gz
// as in NormSumsLeaky. gx may be gy.
func NormGradLeaky(gx, gy, x []float32, width int, mean, scale, shift []float32, slope float32, tilt, offset []float32) {
	mean, shift, tilt, offset = mean[:len(scale)], shift[:len(scale)], tilt[:len(scale)], offset[:len(scale)]
	fits(len(scale), width, len(gx), len(gy), len(x))
	if len(scale) > 0 {
		active().normGradLeaky(gx, gy, x, width, mean, scale, shift, slope, tilt, offset)
	}
}

// AffineGroups writes what a normalisation does to the rows of groups: the mean, gamma*rstd
// to scale and beta - rest*gamma*rstd to shift, computed in float64. Group g, of rows
// rows, has means[g], and rstd and rest, what rounding the mean left over, in
// deviations[2g:]. gamma and beta hold the channels' values, of which the first row has
// number first, and rows after the last channel begin again; they may be nil, for 1 and 0.
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

// WeighGroups adds up the pairs of sums of the rows of each group, times their gammas, to
// totals[2g] and totals[2g+1]. Rows and gamma are as in AffineGroups.
func WeighGroups(totals, sums []float64, gamma []float32, first, rows int) {
	fits(len(totals), rows, len(sums))
	if len(sums) == 0 || gamma == nil {
		weighGroupsGeneric(totals, sums, gamma, first, rows)
		return
	}
	_ = gamma[first]
	active().weighGroups(totals, sums, gamma, first, rows)
}

// Repeat writes every element of x the given number of times in a row.
func Repeat(y, x []float32, times int) {
	fits(len(x), times, len(y))
	if len(y) > 0 {
		active().repeat(y, x, times)
	}
}

// AddPairs writes to total, which may be the first of them, the sum of the pairs of all
// samples in order. Those of sample n are at sums[n*stride:], the second of each to be
// multiplied by factors[n*step]: there is one for every step factors.
func AddPairs(total, sums []float64, stride int, factors []float32, step int) {
	samples := (len(factors) + step - 1) / step
	_ = sums[:(samples-1)*stride+len(total)]
	if len(total) > 1 {
		active().addPairs(total, sums, stride, factors, step, samples)
	}
}
