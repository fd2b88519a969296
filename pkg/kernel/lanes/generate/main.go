// Command generate writes the assembly of package lanes.
package main

import (
	"log"
	"os"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa describes one instruction set.
type isa struct {
	name  string
	lanes int // float32 values in a register
	group int // rows of a product that lie at equal distances
	ahead int // bytes by which a product prefetches B; if 0, nothing is prefetched
}

var (
	avx2   = isa{"AVX2", 8, 2, 0}
	avx512 = isa{"AVX512", 16, 4, 4096}
)

// maxGroups and maxVectors bound the tile of a product: 3 groups by 2 vectors are 12 sums
// in 16 registers (AVX2) or 24 sums in 32 registers (AVX-512).
const (
	maxGroups  = 3
	maxVectors = 2
)

func main() {
	// The argument types come from the package without its assembly.
	if err := os.Setenv("GOFLAGS", "-tags=noasm"); err != nil {
		log.Fatal(err)
	}
	Package("multiscale/pkg/kernel/lanes")
	ConstraintExpr("amd64,!noasm")
	for _, s := range []isa{avx2, avx512} {
		for vectors := 1; vectors <= maxVectors; vectors++ {
			s.product(vectors)
		}
		s.gather()
		s.scatter()
		s.transforms()
		s.total()
	}
	Generate()
}

func (s isa) vector() reg.VecVirtual {
	if s.lanes == 16 {
		return ZMM()
	}
	return YMM()
}

func (s isa) vectors(n int) []reg.VecVirtual {
	v := make([]reg.VecVirtual, n)
	for i := range v {
		v[i] = s.vector()
	}
	return v
}

// zero clears registers. It copies a single zero register, because avo takes the exclusive
// or of a ZMM register with itself for a read of that register.
func (s isa) zero(vs []reg.VecVirtual) {
	z := s.vector()
	VXORPS(z, z, z)
	for _, v := range vs {
		VMOVAPS(z, v)
	}
}

func (s isa) bytes() int { return 4 * s.lanes }

// argument loads the pointer to the struct of arguments.
func argument() reg.Register { return Load(Param("p"), GP64()) }

// field loads an 8-byte field of the struct of arguments: a number or the pointer of a slice.
func field(p reg.Register, offset uintptr) reg.GPVirtual {
	r := GP64()
	MOVQ(at(p, int(offset)), r)
	return r
}

// length loads the length of a slice.
func length(p reg.Register, offset uintptr) reg.GPVirtual { return field(p, offset+sliceLen) }

// sliceLen is the offset of the length in a slice.
const sliceLen = unsafe.Sizeof(uintptr(0))

// distance loads a field that counts elements and converts it to bytes.
func distance(p reg.Register, offset uintptr) reg.GPVirtual {
	r := field(p, offset)
	SHLQ(operand.U8(2), r)
	return r
}

func at(base reg.Register, disp int) operand.Mem { return operand.Mem{Base: base, Disp: disp} }

func indexed(base, index reg.Register, scale uint8) operand.Mem {
	return operand.Mem{Base: base, Index: index, Scale: scale}
}
