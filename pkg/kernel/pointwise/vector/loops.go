package vector

import "multiscale/pkg/kernel"

// These directives are here, because go generate ignores files of other architectures.
//go:generate go run -tags noasm ./asm -out vector_amd64.s -stubs vector_amd64.go -pkg vector
//go:generate go run -tags noasm ./neon

// loops are the inner loops of one path. They rely on the functions of the package to
// check the lengths of slices. Loops over vectors accept empty slices, loops over rows
// need at least one row. Loops marked with 8 or 16 need a number of elements that is a
// multiple of 8 or 16.
type loops struct {
	axpy, scale   func(y, x []float32, a float32)
	add, mul      func(y, a, b []float32)
	mulAdd        func(y, a, b []float32)
	subScale      func(y, a, b []float32, s float32)
	blend         func(y, a, b []float32, s, t float32)
	softGrad      func(gx, gw, w []float32, shift, scale float32)
	leaky         func(y, x []float32, slope float32)
	leakyGrad     func(gx, gy, x []float32, slope float32)
	silu, tanh    func(y, x []float32)
	siluGrad      func(gx, gy, x []float32)
	tanhGrad      func(gx, gy, t []float32)
	adam          func(p, g, m, v []float32, c *AdamConstants)
	momentum      func(p, g, v []float32, rate, momentum float32)
	dropout       func(y, x []float32, counter uint64, threshold int16, scale float32) // 16
	distance, dot func(a, b []float32) float64
	expShift      func(y, x []float32, a, b float32) float64
	maximum       func(x []float32) float32 // of at least one element
	finite        func(x []float32) bool

	addRows        func(y, x, e []float32, width int)
	sumRows        func(s, x []float32, width int)
	rowMoments     func(sums []float64, x []float32, width int)
	normalizeLeaky func(y, x []float32, width int, mean, scale, shift []float32, slope float32)
	normalizeSiLU  func(y, x []float32, width int, mean, scale, shift []float32)
	normSumsLeaky  func(gy, x []float32, width int, mean, scale, shift []float32, slope float32, sums []float64)
	normSumsSiLU   func(gz, gy, x []float32, width int, mean, scale, shift []float32, sums []float64)
	normGradLeaky  func(gx, gy, x []float32, width int, mean, scale, shift []float32, slope float32, tilt, offset []float32)
	affineGroups   func(mean, scale, shift, gamma, beta []float32, first, rows int, means []float32, deviations []float64)
	weighGroups    func(totals, sums []float64, gamma []float32, first, rows int)
	repeat         func(y, x []float32, times int)
	addPairs       func(total, sums []float64, stride int, factors []float32, step, samples int)

	maxColumns      func(m, x []float32, rows, step int)                                          // 8 columns
	expColumns      func(x []float32, rows, step int, a float32, shift []float32, sums []float64) // 8 columns
	softGradColumns func(gw, w []float32, rows, step int, shift, scale []float32)                 // 8 columns
	mulColumns      func(y []float32, yStep int, x []float32, rows, step int, factor []float32)   // 8 columns

	duplicate              func(y, x []float32, s float32)                       // 8
	duplicate2, duplicate4 func(y, x []float32, s float32)                       // 8
	pairSums               func(y, a, b []float32, s float32)                    // 8
	pairSums2, pairSums4   func(y, x []float32, s float32)                       // 8
	interleave             func(y, a, b []float32)                               // 8
	deinterleave           func(a, b, y []float32)                               // 8
	doubleLine             func(y, x []float32)                                  // 8 intervals
	doubleLineGrad         func(gx, g []float32)                                 // 8
	window                 func(y, x []float64, stride int, t *[Taps]float64)    // 8
	pixels, pixelsReversed func(y []float32, x []uint8, rows, width, stride int) // width 8
}

var implementations = kernel.Choose(byPath())

// active returns the loops of the process's path.
func active() *loops { return implementations.Active() }

var portable = loops{
	axpy: axpyGeneric, scale: scaleGeneric, add: addGeneric, mul: mulGeneric, mulAdd: mulAddGeneric,
	subScale: subScaleGeneric, blend: blendGeneric, softGrad: softGradGeneric,
	leaky: leakyGeneric, leakyGrad: leakyGradGeneric, silu: siluGeneric, siluGrad: siluGradGeneric,
	tanh: tanhGeneric, tanhGrad: tanhGradGeneric, adam: adamGeneric, momentum: momentumGeneric, dropout: dropoutGeneric,
	distance: distanceGeneric, dot: dotGeneric, expShift: expShiftGeneric, maximum: maximumGeneric, finite: finiteGeneric,
	addRows: addRowsGeneric, sumRows: sumRowsGeneric, rowMoments: rowMomentsGeneric,
	normalizeLeaky: normalizeLeakyGeneric, normalizeSiLU: normalizeSiLUGeneric,
	normSumsLeaky: normSumsLeakyGeneric, normSumsSiLU: normSumsSiLUGeneric, normGradLeaky: normGradLeakyGeneric,
	affineGroups: affineGroupsGeneric, weighGroups: weighGroupsGeneric, repeat: repeatGeneric, addPairs: addPairsGeneric,
	maxColumns: maxColumnsGeneric, expColumns: expColumnsGeneric, softGradColumns: softGradColumnsGeneric, mulColumns: mulColumnsGeneric,
	duplicate: duplicateGeneric, duplicate2: blocksGeneric(2), duplicate4: blocksGeneric(4),
	pairSums: pairSumsGeneric, pairSums2: blockSumsGeneric(2), pairSums4: blockSumsGeneric(4),
	interleave: interleaveGeneric, deinterleave: deinterleaveGeneric,
	doubleLine: doubleLineGeneric, doubleLineGrad: doubleLineGradGeneric, window: windowGeneric,
	pixels: pixelsGeneric(false), pixelsReversed: pixelsGeneric(true),
}
