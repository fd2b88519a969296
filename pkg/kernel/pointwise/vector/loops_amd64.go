//go:build amd64 && !noasm

package vector

import "multiscale/pkg/kernel"

// byPath returns the loops of each path. AVX-512 uses the loops of AVX2, because they are
// limited by memory.
func byPath() map[string]*loops {
	return map[string]*loops{kernel.Portable: &portable, kernel.AVX2: &avx2, kernel.AVX512: &avx2}
}

var avx2 = loops{
	axpy: axpyAVX2, scale: scaleAVX2, add: addAVX2, mul: mulAVX2, mulAdd: mulAddAVX2,
	subScale: subScaleAVX2, blend: blendAVX2, softGrad: softGradAVX2,
	leaky: leakyAVX2, leakyGrad: leakyGradAVX2, silu: siluAVX2, siluGrad: siluGradAVX2,
	tanh: tanhAVX2, tanhGrad: tanhGradAVX2, adam: adamAVX2, momentum: momentumAVX2, dropout: dropoutAVX2,
	distance: distanceAVX2, dot: dotAVX2, expShift: expShiftAVX2, maximum: maximumAVX2, finite: finiteAVX2,
	addRows: addRowsAVX2, sumRows: sumRowsAVX2, rowMoments: momentsAVX2,
	normalizeLeaky: normalizeLeakyAVX2, normalizeSiLU: normalizeSiLUAVX2,
	normSumsLeaky: normSumsLeakyAVX2, normSumsSiLU: normSumsSiLUAVX2, normGradLeaky: normGradLeakyAVX2,
	affineGroups: affineGroupsAVX2, weighGroups: weighGroupsAVX2, repeat: repeatAVX2, addPairs: addPairsAVX2,
	maxColumns: maxColumnsAVX2, expColumns: expColumnsAVX2, softGradColumns: softGradColumnsAVX2, mulColumns: mulColumnsAVX2,
	duplicate: duplicateAVX2, duplicate2: duplicate2AVX2, duplicate4: duplicate4AVX2,
	pairSums: pairSumsAVX2, pairSums2: pairSums2AVX2, pairSums4: pairSums4AVX2,
	interleave: interleaveAVX2, deinterleave: deinterleaveAVX2,
	doubleLine: doubleLineAVX2, doubleLineGrad: doubleLineGradAVX2, window: windowAVX2,
	pixels: pixelsAVX2, pixelsReversed: pixelsReversedAVX2,
}
