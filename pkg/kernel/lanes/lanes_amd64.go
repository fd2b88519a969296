//go:build amd64 && !noasm

package lanes

import "multiscale/pkg/kernel"

//go:generate go run ./generate -out lanes_amd64.s

func assembly(path string) *Kernels {
	switch path {
	case kernel.AVX2:
		return &avx2
	case kernel.AVX512:
		return &avx512
	}
	return nil
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

//go:noescape
func productAVX2_1(p *Product)

//go:noescape
func productAVX2_2(p *Product)

//go:noescape
func gatherAVX2(p *Gather)

//go:noescape
func scatterAVX2(p *Scatter)

//go:noescape
func inputAVX2(p *Transform)

//go:noescape
func outputAVX2(p *Transform)

//go:noescape
func weightAVX2(p *Transform)

//go:noescape
func filterAVX2(p *Transform)

//go:noescape
func gradientAVX2(p *Transform)

//go:noescape
func smallInputAVX2(p *Transform)

//go:noescape
func smallOutputAVX2(p *Transform)

//go:noescape
func smallWeightAVX2(p *Transform)

//go:noescape
func smallFilterAVX2(p *Transform)

//go:noescape
func smallGradientAVX2(p *Transform)

//go:noescape
func productAVX512_1(p *Product)

//go:noescape
func productAVX512_2(p *Product)

//go:noescape
func gatherAVX512(p *Gather)

//go:noescape
func scatterAVX512(p *Scatter)

//go:noescape
func inputAVX512(p *Transform)

//go:noescape
func outputAVX512(p *Transform)

//go:noescape
func weightAVX512(p *Transform)

//go:noescape
func filterAVX512(p *Transform)

//go:noescape
func gradientAVX512(p *Transform)

//go:noescape
func smallInputAVX512(p *Transform)

//go:noescape
func smallOutputAVX512(p *Transform)

//go:noescape
func smallWeightAVX512(p *Transform)

//go:noescape
func smallFilterAVX512(p *Transform)

//go:noescape
func smallGradientAVX512(p *Transform)

//go:noescape
func totalAVX2(p *Total)

//go:noescape
func totalAVX512(p *Total)
