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
	if fits(len(e), width, len(y), len(x)); accelerated && len(e) > 0 {
		addRowsAVX2(start(y), start(x), start(e), len(e), width)
		return
	}
	addRowsGeneric(y, x, e, width)
}

// SumRows writes the sum of each row of x.
func SumRows(s, x []float32, width int) {
	if fits(len(s), width, len(x)); accelerated && len(s) > 0 {
		sumRowsAVX2(start(s), start(x), len(s), width)
		return
	}
	sumRowsGeneric(s, x, width)
}

// RowMoments writes for each row the sums of x and of its squares, accumulated in
// float64, into sums[2r] and sums[2r+1].
func RowMoments(sums []float64, x []float32, width int) {
	if fits(len(sums)/2, width, len(x)); accelerated && len(sums) > 1 {
		momentsAVX2(&sums[0], start(x), len(sums)/2, width)
		return
	}
	rowMomentsGeneric(sums, x, width)
}

// NormalizeLeaky writes Leaky((x-mean[r])*scale[r] + shift[r]) for each row r.
// The mean is taken off first because x*scale alone could dwarf the result.
func NormalizeLeaky(y, x []float32, width int, mean, scale, shift []float32, slope float32) {
	mean, shift = mean[:len(scale)], shift[:len(scale)]
	if fits(len(scale), width, len(y), len(x)); accelerated && len(scale) > 0 {
		normalizeLeakyAVX2(start(y), start(x), len(scale), width, start(mean), start(scale), start(shift), slope)
		return
	}
	normalizeLeakyGeneric(y, x, width, mean, scale, shift, slope)
}

// NormalizeSiLU writes SiLU((x-mean[r])*scale[r] + shift[r]) for each row r.
func NormalizeSiLU(y, x []float32, width int, mean, scale, shift []float32) {
	mean, shift = mean[:len(scale)], shift[:len(scale)]
	if fits(len(scale), width, len(y), len(x)); accelerated && len(scale) > 0 {
		normalizeSiLUAVX2(start(y), start(x), len(scale), width, start(mean), start(scale), start(shift))
		return
	}
	normalizeSiLUGeneric(y, x, width, mean, scale, shift)
}

// NormSumsLeaky writes for each row the sums of gz and gz*(x-mean[r]) into
// sums[2r] and sums[2r+1], where gz is the gradient before the activation of
// NormalizeLeaky and gy the one after it.
func NormSumsLeaky(gy, x []float32, width int, mean, scale, shift []float32, slope float32, sums []float64) {
	mean, shift, sums = mean[:len(scale)], shift[:len(scale)], sums[:2*len(scale)]
	if fits(len(scale), width, len(gy), len(x)); accelerated && len(scale) > 0 {
		normSumsLeakyAVX2(start(gy), start(x), len(scale), width, start(mean), start(scale), start(shift), slope, start(sums))
		return
	}
	normSumsLeakyGeneric(gy, x, width, mean, scale, shift, slope, sums)
}

// NormSumsSiLU is NormSumsLeaky for NormalizeSiLU, whose gz it also writes. gz
// may be gy.
func NormSumsSiLU(gz, gy, x []float32, width int, mean, scale, shift []float32, sums []float64) {
	mean, shift, sums = mean[:len(scale)], shift[:len(scale)], sums[:2*len(scale)]
	if fits(len(scale), width, len(gz), len(gy), len(x)); accelerated && len(scale) > 0 {
		normSumsSiLUAVX2(start(gz), start(gy), start(x), len(scale), width, start(mean), start(scale), start(shift), start(sums))
		return
	}
	normSumsSiLUGeneric(gz, gy, x, width, mean, scale, shift, sums)
}

// NormGradLeaky writes scale[r]*gz + (x-mean[r])*tilt[r] + offset[r] for each row r, gz
// as in NormSumsLeaky. gx may be gy.
func NormGradLeaky(gx, gy, x []float32, width int, mean, scale, shift []float32, slope float32, tilt, offset []float32) {
	mean, shift, tilt, offset = mean[:len(scale)], shift[:len(scale)], tilt[:len(scale)], offset[:len(scale)]
	if fits(len(scale), width, len(gx), len(gy), len(x)); accelerated && len(scale) > 0 {
		normGradLeakyAVX2(start(gx), start(gy), start(x), len(scale), width, start(mean), start(scale), start(shift), slope, start(tilt), start(offset))
		return
	}
	normGradLeakyGeneric(gx, gy, x, width, mean, scale, shift, slope, tilt, offset)
}

// AffineGroups writes what a normalisation does to the rows of groups: the mean, gamma*rstd
// to scale and beta - rest*gamma*rstd to shift, computed in float64. Group g, of so many
// rows, has means[g], and rstd and rest, what rounding the mean left over, in
// deviations[2g:]. gamma and beta hold the channels' values, of which the first row has
// number first, and rows after the last channel begin again; they may be nil, for 1 and 0.
func AffineGroups(mean, scale, shift, gamma, beta []float32, first, rows int, means []float32, deviations []float64) {
	scale, shift, deviations = scale[:len(mean)], shift[:len(mean)], deviations[:2*len(means)]
	if fits(len(means), rows, len(mean)); accelerated && len(mean) > 0 && gamma != nil && beta != nil {
		_, beta = gamma[first], beta[:len(gamma)]
		affineGroupsAVX2(start(mean), start(scale), start(shift), start(gamma), start(beta), first, len(gamma), len(means), rows, start(means), start(deviations))
		return
	}
	affineGroupsGeneric(mean, scale, shift, gamma, beta, first, rows, means, deviations)
}

// WeighGroups adds up the pairs of sums of the rows of each group, times their gammas, to
// totals[2g] and totals[2g+1]. Rows and gamma are as in AffineGroups.
func WeighGroups(totals, sums []float64, gamma []float32, first, rows int) {
	if fits(len(totals), rows, len(sums)); accelerated && len(sums) > 0 && gamma != nil {
		_ = gamma[first]
		weighGroupsAVX2(start(totals), start(sums), start(gamma), first, len(gamma), len(totals)/2, rows)
		return
	}
	weighGroupsGeneric(totals, sums, gamma, first, rows)
}

// Repeat writes every element of x so many times in a row.
func Repeat(y, x []float32, times int) {
	if fits(len(x), times, len(y)); accelerated && len(y) > 0 {
		repeatAVX2(start(y), start(x), len(x), times)
		return
	}
	repeatGeneric(y, x, times)
}

// AddPairs writes to total, which may be the first of them, the sum of the pairs of all
// samples in order. Those of sample n are at sums[n*stride:], the second of each to be
// multiplied by factors[n*step]: there is one for every step factors.
func AddPairs(total, sums []float64, stride int, factors []float32, step int) {
	samples := (len(factors) + step - 1) / step
	_ = sums[:(samples-1)*stride+len(total)]
	if accelerated && len(total) > 1 {
		addPairsAVX2(start(total), start(sums), len(total)/2, stride, start(factors), step, samples)
		return
	}
	addPairsGeneric(total, sums, stride, factors, step)
}
