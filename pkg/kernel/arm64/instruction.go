package arm64

import "fmt"

// V is a vector register, V0 to V31.
type V int

// R is a general register, R0 to R30; 31 is the stack pointer.
type R int

func (r R) String() string {
	if r == 31 {
		return "sp"
	}
	return fmt.Sprintf("x%d", int(r))
}

// Shape is the arrangement of a vector register's elements.
type Shape string

// The arrangements that functions with a Shape parameter accept.
const (
	S4 Shape = "4s" // four elements of 32 bits
	D2 Shape = "2d" // two elements of 64 bits
)

// size returns the bit that distinguishes double from single precision.
func (s Shape) size() uint32 {
	if s == D2 {
		return 1 << 22
	}
	return 0
}

// three maps the names of the instructions with two source vectors to their codes for the
// arrangement S4.
var three = map[string]uint32{
	"fadd": 0x4e20d400, "fsub": 0x4ea0d400, "fmul": 0x6e20dc00, "fdiv": 0x6e20fc00,
	"fmla": 0x4e20cc00, "fmls": 0x4ea0cc00, "fmax": 0x4e20f400, "fmin": 0x4ea0f400,
	"faddp": 0x6e20d400, "fmaxp": 0x6e20f400, "fcmgt": 0x6ea0e400,
	"add": 0x4ea08400, "cmgt": 0x4ea03400, "cmeq": 0x6ea08c00,
	"zip1": 0x4e803800, "zip2": 0x4e807800, "uzp1": 0x4e801800, "uzp2": 0x4e805800, "trn1": 0x4e802800, "trn2": 0x4e806800,
}

// bitwise maps the names of the instructions on all 128 bits to their codes.
var bitwise = map[string]uint32{
	"and": 0x4e201c00, "bic": 0x4e601c00, "orr": 0x4ea01c00, "eor": 0x6e201c00, "bsl": 0x6e601c00, "bit": 0x6ea01c00,
}

// two maps the names of the instructions with one source vector to their codes and the
// arrangements of the result (to) and the source (from).
var two = map[string]struct {
	code     uint32
	to, from Shape
}{
	"fsqrt": {0x6ea1f800, S4, S4}, "fneg": {0x6ea0f800, S4, S4}, "fabs": {0x4ea0f800, S4, S4},
	"fcvtl": {0x0e617800, D2, "2s"}, "fcvtl2": {0x4e617800, D2, S4},
	"fcvtn": {0x0e616800, "2s", D2}, "fcvtn2": {0x4e616800, S4, D2},
	"ucvtf": {0x6e21d800, S4, S4}, "rev64": {0x4ea00800, S4, S4},
	"ushll": {0x2f08a400, "8h", "8b"}, "ushll.4s": {0x2f10a400, S4, "4h"}, "ushll2.4s": {0x6f10a400, S4, "8h"},
	"sshll.4s": {0x0f10a400, S4, "4h"},
}

// word writes an encoded instruction, with its text as a comment.
func (p *Program) word(code uint32, format string, args ...any) {
	p.line("\tWORD $0x%08x // %s", code, fmt.Sprintf(format, args...))
}

// fields returns the bits of the registers d (result), n and m (sources).
func fields(d, n, m int) uint32 { return uint32(d) | uint32(n)<<5 | uint32(m)<<16 }

// Three writes an instruction with two source vectors, such as fadd. fmla and fmls add to d.
func (p *Program) Three(name string, s Shape, d, n, m V) {
	p.word(three[name]|s.size()|fields(int(d), int(n), int(m)), "%s v%d.%s, v%d.%s, v%d.%s", name, d, s, n, s, m, s)
}

// Bitwise writes an instruction on all bits of two vectors, such as and. bsl selects the bits
// of n where d has ones and those of m elsewhere; bit inserts the bits of n where m has ones.
func (p *Program) Bitwise(name string, d, n, m V) {
	p.word(bitwise[name]|fields(int(d), int(n), int(m)), "%s v%d.16b, v%d.16b, v%d.16b", name, d, n, m)
}

// Two writes an instruction with one source vector, such as fneg.
func (p *Program) Two(name string, d, n V) {
	i, shift := two[name], ""
	base := name
	for j, c := range name {
		if c == '.' {
			base = name[:j]
		}
	}
	if base == "ushll" || base == "ushll2" || base == "sshll" {
		shift = ", #0"
	}
	p.word(i.code|fields(int(d), int(n), 0), "%s v%d.%s, v%d.%s%s", base, d, i.to, n, i.from, shift)
}

// Move copies a vector.
func (p *Program) Move(d, n V) {
	p.word(bitwise["orr"]|fields(int(d), int(n), int(n)), "mov v%d.16b, v%d.16b", d, n)
}

// Zero clears a vector.
func (p *Program) Zero(d V) { p.word(0x6f00e400|uint32(d), "movi v%d.2d, #0000000000000000", d) }

// ByElement writes fmla or fmul of a vector with one element of another.
func (p *Program) ByElement(name string, d, n, m V, element int) {
	code := map[string]uint32{"fmla": 0x4f801000, "fmul": 0x4f809000}[name]
	code |= uint32(element&1)<<21 | uint32(element>>1)<<11
	p.word(code|fields(int(d), int(n), int(m)), "%s v%d.4s, v%d.4s, v%d.s[%d]", name, d, n, m, element)
}

// ShiftLeft shifts four 32-bit numbers.
func (p *Program) ShiftLeft(d, n V, by int) {
	p.word(0x4f005400|uint32(32+by)<<16|fields(int(d), int(n), 0), "shl v%d.4s, v%d.4s, #%d", d, n, by)
}

// Extract takes 16 bytes of the 32 bytes of n followed by m, beginning with byte from.
func (p *Program) Extract(d, n, m V, from int) {
	p.word(0x6e000000|uint32(from)<<11|fields(int(d), int(n), int(m)), "ext v%d.16b, v%d.16b, v%d.16b, #%d", d, n, m, from)
}

// Duplicate fills all elements of a vector with a general register.
func (p *Program) Duplicate(s Shape, d V, n R) {
	if s == D2 {
		p.word(0x4e080c00|fields(int(d), int(n), 0), "dup v%d.2d, x%d", d, n)
		return
	}
	p.word(0x4e040c00|fields(int(d), int(n), 0), "dup v%d.4s, w%d", d, n)
}

// DuplicateElement fills all elements of a vector with an element of another.
func (p *Program) DuplicateElement(s Shape, d, n V, element int) {
	if s == D2 {
		p.word(0x4e080400|uint32(element)<<20|fields(int(d), int(n), 0), "dup v%d.2d, v%d.d[%d]", d, n, element)
		return
	}
	p.word(0x4e040400|uint32(element)<<19|fields(int(d), int(n), 0), "dup v%d.4s, v%d.s[%d]", d, n, element)
}

// InsertDouble sets a 64-bit element from a general register.
func (p *Program) InsertDouble(d V, element int, n R) {
	p.word(0x4e081c00|uint32(element)<<20|fields(int(d), int(n), 0), "mov v%d.d[%d], x%d", d, element, n)
}

// First keeps element 0 of four and clears the others.
func (p *Program) First(d, n V) { p.word(0x1e204000|fields(int(d), int(n), 0), "fmov s%d, s%d", d, n) }

// MaximumOf writes the largest of four numbers to element 0.
func (p *Program) MaximumOf(d, n V) {
	p.word(0x6e30f800|fields(int(d), int(n), 0), "fmaxv s%d, v%d.4s", d, n)
}

// memory maps the letter of a register to the codes of its loads and stores: q has 128 bits,
// d 64 and s 32.
var memory = map[string]struct {
	load, store uint32
	bytes       int
}{"q": {0x3dc00000, 0x3d800000, 16}, "d": {0xfd400000, 0xfd000000, 8}, "s": {0xbd400000, 0xbd000000, 4}}

func address(base R, offset int) string {
	if offset == 0 {
		return fmt.Sprintf("[%v]", base)
	}
	return fmt.Sprintf("[%v, #%d]", base, offset)
}

// Load reads a register of the given letter. Offsets that are negative or not a multiple of
// its size must be in [-256, 255].
func (p *Program) Load(letter string, v V, base R, offset int) {
	m := memory[letter]
	if offset < 0 || offset%m.bytes != 0 {
		p.word(m.load&^0x01000000|uint32(offset&0x1ff)<<12|fields(int(v), int(base), 0), "ldur %s%d, %s", letter, v, address(base, offset))
		return
	}
	p.word(m.load|uint32(offset/m.bytes)<<10|fields(int(v), int(base), 0), "ldr %s%d, %s", letter, v, address(base, offset))
}

// Store writes a register of the given letter. The offset is as in Load.
func (p *Program) Store(letter string, v V, base R, offset int) {
	m := memory[letter]
	if offset < 0 || offset%m.bytes != 0 {
		p.word(m.store&^0x01000000|uint32(offset&0x1ff)<<12|fields(int(v), int(base), 0), "stur %s%d, %s", letter, v, address(base, offset))
		return
	}
	p.word(m.store|uint32(offset/m.bytes)<<10|fields(int(v), int(base), 0), "str %s%d, %s", letter, v, address(base, offset))
}

// LoadNext reads 128 bits and adds a number of bytes to the base.
func (p *Program) LoadNext(v V, base R, by int) {
	p.word(0x3cc00400|uint32(by&0x1ff)<<12|fields(int(v), int(base), 0), "ldr q%d, [%v], #%d", v, base, by)
}

// LoadNextBy reads 128 bits and adds a register to the base.
func (p *Program) LoadNextBy(v V, base, by R) {
	p.word(0x4cc07800|fields(int(v), int(base), int(by)), "ld1 { v%d.4s }, [%v], %v", v, base, by)
}

// LoadPair reads two registers of 128 bits.
func (p *Program) LoadPair(a, b V, base R, offset int) {
	p.word(0xad400000|uint32(offset/16&0x7f)<<15|uint32(b)<<10|fields(int(a), int(base), 0), "ldp q%d, q%d, %s", a, b, address(base, offset))
}

// StoreAt writes 128 bits at a base plus a register.
func (p *Program) StoreAt(v V, base, offset R) {
	p.word(0x3ca06800|fields(int(v), int(base), int(offset)), "str q%d, [%v, %v]", v, base, offset)
}

// LoadAll fills all elements of a vector with one number.
func (p *Program) LoadAll(s Shape, v V, base R) {
	code := uint32(0x4d40c800)
	if s == D2 {
		code |= 0x400
	}
	p.word(code|fields(int(v), int(base), 0), "ld1r { v%d.%s }, [%v]", v, s, base)
}

// LoadAllNextBy fills all elements of a vector with one number and adds a register to the base.
func (p *Program) LoadAllNextBy(v V, base, by R) {
	p.word(0x4dc0c800|fields(int(v), int(base), int(by)), "ld1r { v%d.4s }, [%v], %v", v, base, by)
}

// element adds the index of a 32-bit element to a code.
func element(code uint32, i int) uint32 { return code | uint32(i>>1)<<30 | uint32(i&1)<<12 }

// LoadElement reads one of the four numbers of a vector.
func (p *Program) LoadElement(v V, i int, base R) {
	p.word(element(0x0d408000, i)|fields(int(v), int(base), 0), "ld1 { v%d.s }[%d], [%v]", v, i, base)
}

// StoreElement writes one of the four numbers of a vector.
func (p *Program) StoreElement(v V, i int, base R) {
	p.word(element(0x0d008000, i)|fields(int(v), int(base), 0), "st1 { v%d.s }[%d], [%v]", v, i, base)
}
