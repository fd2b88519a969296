// Command asm writes the AVX2 assembly of package vector and its Go stubs.
package main

import (
	"log"
	"math"
	"os"
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	// Types and field offsets come from the package without its assembly.
	if err := os.Setenv("GOFLAGS", "-tags=noasm"); err != nil {
		log.Fatal(err)
	}
	Package("multiscale/pkg/kernel/pointwise/vector")
	ConstraintExpr("amd64,!noasm")
	maskTable()
	elementwise()
	activations()
	optimizers()
	reductions()
	rows()
	norms()
	affine()
	columns()
	dropout()
	resample()
	window()
	pixels()
	Generate()
}

// The size of a register.
const (
	width = 8 // float32 values
	bytes = 32
)

// kernel begins a function whose pointers do not escape.
func kernel(name, signature, doc string) {
	TEXT(name+"AVX2", NOSPLIT, "func"+signature)
	Pragma("noescape")
	Doc(name + "AVX2 " + doc)
}

// pointer, length and integer load an argument: the pointer or the length of a slice, or an
// integer.
func pointer(name string) Register { return Load(Param(name).Base(), GP64()) }

func length(name string) Register { return Load(Param(name).Len(), GP64()) }

func integer(name string) Register { return Load(Param(name), GP64()) }

// argument returns the memory operand of an argument.
func argument(name string) Mem {
	a, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return a.Addr
}

// broadcast loads a float32 argument into every lane.
func broadcast(name string) VecVirtual {
	v := YMM()
	VBROADCASTSS(argument(name), v)
	return v
}

// finish ends a function.
func finish() {
	VZEROUPPER()
	RET()
}

// constants are 32-byte tables of one repeated value. The keys are its bits.
var constants = map[uint64]Mem{}

// f32 returns a memory operand with the value in every float32 lane.
func f32(x float64) Mem { return repeated(math.Float32bits(float32(x))) }

// repeated returns a memory operand with the bits in every 32-bit lane.
func repeated(bits uint32) Mem {
	m, ok := constants[uint64(bits)]
	if !ok {
		m = GLOBL("repeat_"+strconv.FormatUint(uint64(bits), 16), RODATA|NOPTR)
		for i := range width {
			DATA(4*i, U32(bits))
		}
		constants[uint64(bits)] = m
	}
	return m
}

// inRegister loads a constant, for operands that cannot be in memory.
func inRegister(m Mem) VecVirtual {
	v := YMM()
	VMOVUPS(m, v)
	return v
}

// masks is a table of eight full lanes, followed by eight empty ones. The mask of the
// first n lanes begins at lane 8-n.
var masks Mem

// maskTable writes masks.
func maskTable() {
	masks = GLOBL("masks", RODATA|NOPTR)
	for i := range 2 * width {
		if i < width {
			DATA(4*i, U32(math.MaxUint32))
		} else {
			DATA(4*i, U32(0))
		}
	}
}

var labels int

// label returns a new label.
func label(name string) string {
	labels++
	return name + "_" + strconv.Itoa(labels)
}

// part is one instance of the step that a span repeats: copy u of an unrolled
// step, or the tail under a mask.
type part struct {
	u    int
	mask VecVirtual // nil except in the tail
}

// load reads a vector at p; lanes beyond the tail read as 0.
func (s part) load(p Register) VecVirtual {
	v := YMM()
	if s.mask != nil {
		VMASKMOVPS(Mem{Base: p}, s.mask, v)
	} else {
		VMOVUPS(Mem{Base: p, Disp: s.u * bytes}, v)
	}
	return v
}

// store writes a vector at p.
func (s part) store(v VecVirtual, p Register) {
	if s.mask != nil {
		VMASKMOVPS(v, s.mask, Mem{Base: p})
	} else {
		VMOVUPS(v, Mem{Base: p, Disp: s.u * bytes})
	}
}

// keep clears the lanes beyond the tail.
func (s part) keep(v VecVirtual) VecVirtual {
	if s.mask == nil {
		return v
	}
	return binary(VANDPS, s.mask, v)
}

// span repeats a step over n elements: unrolled first, then vector by vector, then
// once under a mask. It changes the register n and moves the pointers behind the
// elements.
func span(n Register, unroll int, pointers []Register, step func(part)) {
	wide, single, tail, done := label("wide"), label("single"), label("tail"), label("done")
	if unroll > 1 {
		Label(wide)
		CMPQ(n, U32(unroll*width))
		JL(LabelRef(single))
		for u := range unroll {
			step(part{u: u})
		}
		advance(pointers, unroll*bytes)
		SUBQ(U32(unroll*width), n)
		JMP(LabelRef(wide))
	}
	Label(single)
	CMPQ(n, U8(width))
	JL(LabelRef(tail))
	step(part{})
	advance(pointers, bytes)
	SUBQ(U8(width), n)
	JMP(LabelRef(single))
	Label(tail)
	TESTQ(n, n)
	JZ(LabelRef(done))
	step(part{mask: maskOf(n)})
	for _, p := range pointers {
		LEAQ(Mem{Base: p, Index: n, Scale: 4}, p)
	}
	Label(done)
}

// maskOf returns the mask of the first n lanes.
func maskOf(n Register) VecVirtual {
	table, offset, mask := GP64(), GP64(), YMM()
	LEAQ(masks, table)
	MOVQ(U32(width), offset)
	SUBQ(n, offset)
	VMOVUPS(Mem{Base: table, Index: offset, Scale: 4}, mask)
	return mask
}

// advance moves pointers by n bytes.
func advance(pointers []Register, n int) {
	for _, p := range pointers {
		ADDQ(U32(n), p)
	}
}

// each writes a kernel that computes y elementwise from the inputs, which may include
// y. prepare loads the scalar arguments and returns the function of vectors.
func each(name, scalars, doc string, inputs []string, unroll int, prepare func() func(in []VecVirtual) VecVirtual) {
	signature := "(y"
	for _, x := range inputs {
		if x != "y" {
			signature += ", " + x
		}
	}
	kernel(name, signature+" []float32"+scalars+")", doc)
	y, n := pointer("y"), length("y")
	pointers, from := []Register{y}, []Register{}
	for _, x := range inputs {
		if x == "y" {
			from = append(from, y)
			continue
		}
		from = append(from, pointer(x))
		pointers = append(pointers, from[len(from)-1])
	}
	body := prepare()
	span(n, unroll, pointers, func(s part) {
		in := make([]VecVirtual, len(from))
		for i, p := range from {
			in[i] = s.load(p)
		}
		s.store(body(in), y)
	})
	finish()
}

// binary returns the result of an instruction with two sources. The order of the
// operands is that of Go: VSUBPS gives b-a and VDIVPS b/a; VMAXPS and VMINPS give a
// if a or b is NaN.
func binary[F func(...Op) | func(a, b, to Op)](f F, a Op, b VecVirtual) VecVirtual {
	d := YMM()
	switch f := any(f).(type) {
	case func(...Op):
		f(a, b, d)
	case func(a, b, to Op):
		f(a, b, d)
	}
	return d
}

func mul(a Op, b VecVirtual) VecVirtual { return binary(VMULPS, a, b) }
func add(a Op, b VecVirtual) VecVirtual { return binary(VADDPS, a, b) }

// sub returns a-b.
func sub(a VecVirtual, b Op) VecVirtual { return binary(VSUBPS, b, a) }

// zero returns a register of zeros.
func zero() VecVirtual {
	v := YMM()
	VXORPS(v, v, v)
	return v
}
