// Command neon writes the NEON assembly of package lanes. A vector has four lanes, a
// group of a product four rows.
package main

import (
	"log"

	"multiscale/pkg/kernel/arm64"
)

// V and R are short for the registers.
type (
	V = arm64.V
	R = arm64.R
)

const (
	width = 4 // lanes of a vector
	bytes = 4 * width
	group = 4 // rows of a product at equal distances
)

// generator writes one file.
type generator struct {
	*arm64.Program
	constants map[float64]V // of the current function
}

func main() {
	g := generator{Program: new(arm64.Program)}
	for vectors := 1; vectors <= 2; vectors++ {
		g.product(vectors)
	}
	g.gather()
	g.scatter()
	g.transforms()
	g.total()
	if err := g.Write("lanes_arm64.s", "stubs_arm64.go", "lanes"); err != nil {
		log.Fatal(err)
	}
}

// begin begins a function with one argument, a pointer, and returns the register that holds
// it.
func (g *generator) begin(name, argument string, frame int) R {
	g.Function(name, "is "+argument+" with NEON.", "p *"+argument, "", frame)
	g.constants = map[float64]V{}
	return g.Integer("p")
}

// field loads an 8-byte field of the argument: a number or the pointer of a slice.
func (g *generator) field(p R, offset uintptr) R {
	r := g.General()
	g.Op("MOVD %d(R%d), R%d", offset, p, r)
	return r
}

// sliceLen is the offset of the length in a slice.
const sliceLen = 8

// distance loads a field that counts elements and converts it to bytes.
func (g *generator) distance(p R, offset uintptr) R {
	r := g.field(p, offset)
	g.Op("LSL $2, R%d, R%d", r, r)
	return r
}

// loop repeats do until n, at least 1, has been counted down.
func (g *generator) loop(name string, n R, do func()) {
	label := g.Label(name)
	g.Place(label)
	do()
	g.Op("SUBS $1, R%d, R%d", n, n)
	g.Op("BNE %s", label)
}
