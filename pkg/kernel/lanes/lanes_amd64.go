//go:build amd64 && !noasm

package lanes

import "multiscale/pkg/kernel"

func byPath() map[string]*Kernels {
	return map[string]*Kernels{kernel.Portable: &portable, kernel.AVX2: &avx2, kernel.AVX512: &avx512}
}

var avx2 = Kernels{
	Name: kernel.AVX2, Lanes: 8, Group: 2,
	product: [MaxVectors]func(*Product){productAVX2_1, productAVX2_2}, gather: gatherAVX2, scatter: scatterAVX2, total: totalAVX2,
	winograd: [Maps]func(*Transform){
		Input: inputAVX2, Output: outputAVX2, Weights: weightAVX2, Filter: filterAVX2, Gradient: gradientAVX2,
		SmallInput: smallInputAVX2, SmallOutput: smallOutputAVX2, SmallWeights: smallWeightAVX2,
		SmallFilter: smallFilterAVX2, SmallGradient: smallGradientAVX2,
	},
}

var avx512 = Kernels{
	Name: kernel.AVX512, Lanes: 16, Group: 4,
	product: [MaxVectors]func(*Product){productAVX512_1, productAVX512_2}, gather: gatherAVX512, scatter: scatterAVX512, total: totalAVX512,
	winograd: [Maps]func(*Transform){
		Input: inputAVX512, Output: outputAVX512, Weights: weightAVX512, Filter: filterAVX512, Gradient: gradientAVX512,
		SmallInput: smallInputAVX512, SmallOutput: smallOutputAVX512, SmallWeights: smallWeightAVX512,
		SmallFilter: smallFilterAVX512, SmallGradient: smallGradientAVX512,
	},
}
