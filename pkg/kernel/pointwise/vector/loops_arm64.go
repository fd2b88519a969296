//go:build arm64 && !noasm

package vector

import "multiscale/pkg/kernel"

func byPath() map[string]*loops {
	return map[string]*loops{kernel.Portable: &portable, kernel.NEON: &neon}
}

var neon = loops{
	axpy: axpyNEON, scale: scaleNEON, add: addNEON, mul: mulNEON, mulAdd: mulAddNEON,
	subScale: subScaleNEON, blend: blendNEON, softGrad: softGradNEON,
	leaky: leakyNEON, leakyGrad: leakyGradNEON, silu: siluNEON, siluGrad: siluGradNEON,
	tanh: tanhNEON, tanhGrad: tanhGradNEON, adam: adamNEON, momentum: momentumNEON, dropout: dropoutNEON,
	distance: distanceNEON, dot: dotNEON, expShift: expShiftNEON, maximum: maximumNEON, finite: finiteNEON,
	addRows: addRowsNEON, sumRows: sumRowsNEON, rowMoments: rowMomentsNEON,
	normalizeLeaky: normalizeLeakyNEON, normalizeSiLU: normalizeSiLUNEON,
	normSumsLeaky: normSumsLeakyNEON, normSumsSiLU: normSumsSiLUNEON, normGradLeaky: normGradLeakyNEON,
	affineGroups: affineGroupsNEON, weighGroups: weighGroupsNEON, repeat: repeatNEON, addPairs: addPairsNEON,
	maxColumns: maxColumnsNEON, expColumns: expColumnsNEON, softGradColumns: softGradColumnsNEON, mulColumns: mulColumnsNEON,
	duplicate: duplicateNEON, duplicate2: duplicate2NEON, duplicate4: duplicate4NEON,
	pairSums: pairSumsNEON, pairSums2: pairSums2NEON, pairSums4: pairSums4NEON,
	interleave: interleaveNEON, deinterleave: deinterleaveNEON,
	doubleLine: doubleLineNEON, doubleLineGrad: doubleLineGradNEON, window: windowNEON,
	pixels: pixelsNEON, pixelsReversed: pixelsReversedNEON,
}
