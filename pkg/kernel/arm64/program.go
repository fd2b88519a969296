// Package arm64 writes Go assembly for arm64 with Advanced SIMD (NEON) instructions.
// Go's assembler lacks many of them, so all are written as encoded words, each with
// the instruction in a comment. The generators of pkg/kernel use it.
package arm64

import (
	"fmt"
	"math"
	"os"
	"strings"
)

// Program is the text of one assembly file, together with the Go declarations of its
// functions. It hands out registers in order. Release frees those that were handed out
// since a Mark.
type Program struct {
	text, stubs  strings.Builder
	arguments    map[string]argument
	nextV, nextR int
	labels       int
}

// argument is the type of a parameter or result, and its offset from the frame pointer.
type argument struct {
	offset int
	kind   string
}

func (p *Program) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

// Op writes an instruction that Go's assembler knows, in its syntax.
func (p *Program) Op(format string, args ...any) { p.line("\t"+format, args...) }

// generals are the registers that functions may use.
var generals = [...]R{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 19, 20, 21, 22, 23, 24}

// General returns an unused general register.
func (p *Program) General() R {
	p.nextR++
	return generals[p.nextR-1]
}

// Vector returns an unused vector register.
func (p *Program) Vector() V {
	p.nextV++
	if p.nextV > 32 {
		panic("arm64: no vector register is left")
	}
	return V(p.nextV - 1)
}

// Vectors returns n unused vector registers.
func (p *Program) Vectors(n int) []V {
	v := make([]V, n)
	for i := range v {
		v[i] = p.Vector()
	}
	return v
}

// Mark is a state of the registers.
type Mark struct{ v, r int }

// Mark returns the current state of the registers.
func (p *Program) Mark() Mark { return Mark{p.nextV, p.nextR} }

// Release frees the registers that were handed out since a Mark.
func (p *Program) Release(m Mark) { p.nextV, p.nextR = m.v, m.r }

// Label returns a new label.
func (p *Program) Label(name string) string {
	p.labels++
	return fmt.Sprintf("%s_%d", name, p.labels)
}

// Place writes a label.
func (p *Program) Place(label string) { p.line("%s:", label) }

// Function begins a function with a frame of the given number of bytes. doc follows the name in the
// comment of the declaration. parameters and results are lists as in Go source, for example
// "y, x []float32, slope float32".
func (p *Program) Function(name, doc, parameters, results string, frame int) {
	p.nextV, p.nextR, p.arguments = 0, 0, map[string]argument{}
	size := p.place(parameters, 0)
	if results != "" {
		size = p.place(results, (size+7)&^7)
		results = " (" + results + ")"
	}
	flags := "NOSPLIT"
	if frame > 0 {
		flags = "0"
	}
	p.line("\n// func %s(%s)%s\nTEXT ·%s(SB), %s, $%d-%d", name, parameters, results, name, flags, frame, size)
	fmt.Fprintf(&p.stubs, "\n// %s %s\n//\n//go:noescape\nfunc %s(%s)%s\n", name, doc, name, parameters, results)
}

// place computes the offsets of a list of parameters and returns the offset of its end.
func (p *Program) place(list string, offset int) int {
	var names []string
	for _, item := range strings.Split(list, ", ") {
		name, kind, typed := strings.Cut(item, " ")
		names = append(names, name)
		if !typed {
			continue
		}
		size, align := 8, 8
		switch {
		case strings.HasPrefix(kind, "[]"):
			size = 24
		case kind == "float32":
			size, align = 4, 4
		case kind == "int16":
			size, align = 2, 2
		case kind == "bool":
			size, align = 1, 1
		}
		for _, n := range names {
			offset = (offset + align - 1) &^ (align - 1)
			p.arguments[n] = argument{offset, kind}
			offset += size
		}
		names = nil
	}
	return offset
}

// Pointer loads the pointer of a slice.
func (p *Program) Pointer(name string) R {
	r := p.General()
	p.Op("MOVD %s_base+%d(FP), R%d", name, p.arguments[name].offset, r)
	return r
}

// Length loads the length of a slice.
func (p *Program) Length(name string) R {
	r := p.General()
	p.Op("MOVD %s_len+%d(FP), R%d", name, p.arguments[name].offset+8, r)
	return r
}

// Integer loads a number or a pointer.
func (p *Program) Integer(name string) R {
	r, a := p.General(), p.arguments[name]
	instruction := "MOVD"
	if a.kind == "int16" {
		instruction = "MOVH"
	}
	p.Op("%s %s+%d(FP), R%d", instruction, name, a.offset, r)
	return r
}

// scratch is a register for values that only the next instruction uses.
const scratch = R(25)

// Scalar fills a vector with a float32 parameter.
func (p *Program) Scalar(name string) V {
	v := p.Vector()
	p.Op("MOVWU %s+%d(FP), R%d", name, p.arguments[name].offset, scratch)
	p.Duplicate(S4, v, scratch)
	return v
}

// Return stores element 0 of a vector as a result, of 32 or 64 bits.
func (p *Program) Return(name string, v V) {
	a := p.arguments[name]
	instruction := map[string]string{"float32": "FMOVS", "float64": "FMOVD"}[a.kind]
	p.Op("%s F%d, %s+%d(FP)", instruction, v, name, a.offset)
}

// ReturnBool stores a register, 0 or 1, as a result.
func (p *Program) ReturnBool(name string, r R) {
	p.Op("MOVB R%d, %s+%d(FP)", r, name, p.arguments[name].offset)
}

// Constant fills all elements of a vector with a float32.
func (p *Program) Constant(x float64) V { return p.Bits(math.Float32bits(float32(x))) }

// Bits fills all elements of a vector with 32 bits.
func (p *Program) Bits(bits uint32) V {
	v := p.Vector()
	p.Op("MOVD $0x%08x, R%d", bits, scratch)
	p.Duplicate(S4, v, scratch)
	return v
}

// End ends a function.
func (p *Program) End() { p.Op("RET") }

// Write writes two files of a package: the assembly and the Go declarations. Their headers
// name ./neon, relative to the package, as the program that calls Write.
func (p *Program) Write(assembly, declarations, pkg string) error {
	const head = "// Code generated by command: go run ./neon. DO NOT EDIT.\n\n//go:build arm64 && !noasm\n\n"
	if err := os.WriteFile(assembly, []byte(head+"#include \"textflag.h\"\n"+p.text.String()), 0o666); err != nil {
		return err
	}
	return os.WriteFile(declarations, []byte(head+"package "+pkg+"\n"+p.stubs.String()), 0o666)
}
