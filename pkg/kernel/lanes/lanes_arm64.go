//go:build arm64 && !noasm

package lanes

import "multiscale/pkg/kernel"

func byPath() map[string]*Kernels {
	return map[string]*Kernels{kernel.Portable: &portable, kernel.NEON: &neon}
}

var neon = Kernels{
	Name: kernel.NEON, Lanes: 4, Group: 4,
	product: [MaxVectors]func(*Product){productNEON_1, productNEON_2}, gather: gatherNEON, scatter: scatterNEON, total: totalNEON,
	winograd: [Maps]func(*Transform){
		Input: inputNEON, Output: outputNEON, Weights: weightNEON, Filter: filterNEON, Gradient: gradientNEON,
		SmallInput: smallInputNEON, SmallOutput: smallOutputNEON, SmallWeights: smallWeightNEON,
		SmallFilter: smallFilterNEON, SmallGradient: smallGradientNEON,
	},
}
