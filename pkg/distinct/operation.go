package distinct

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
)

// Operation is embedded by all Gorgonia operations of this project. Gorgonia merges nodes with equal hashes without
// comparing operands or attributes, so that each operation needs a unique number in its hash.
type Operation struct {
	kind   string
	number uint64
}

// NewOperation returns an operation of the given kind and number.
func NewOperation(kind string, number uint64) Operation { return Operation{kind, number} }

// Kind is the kind of the operation.
func (o *Operation) Kind() string { return o.kind }

// Number is the number of the operation.
func (o *Operation) Number() uint64 { return o.number }

// ReturnsPtr implements gorgonia.Op.
func (o *Operation) ReturnsPtr() bool { return true }

// CallsExtern implements gorgonia.Op. If it were true, the machine would allocate a result in
// every run.
func (o *Operation) CallsExtern() bool { return false }

// OverwritesInput implements gorgonia.Op.
func (o *Operation) OverwritesInput() int { return -1 }

// WriteHash implements gorgonia.Op.
func (o *Operation) WriteHash(h hash.Hash) {
	h.Write(binary.LittleEndian.AppendUint64([]byte(o.kind), o.number))
}

// Hashcode implements gorgonia.Op.
func (o *Operation) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// String implements gorgonia.Op.
func (o *Operation) String() string { return fmt.Sprintf("%s#%d", o.kind, o.number) }
