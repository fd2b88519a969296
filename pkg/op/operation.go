package op

import "gorgonia.org/gorgonia"

// Operation extends Gorgonia's interface by the methods that are needed to export a graph, to place
// results in memory and to replay runs. Every operation of this package implements it; a user's own
// operation does so by embedding a Base.
type Operation interface {
	gorgonia.Op

	// Kind names the operation, for instance "Conv". An exporter uses it to choose how to
	// write the operation.
	Kind() string
	// Inputs returns the operands in order, which Gorgonia's interface does not offer.
	Inputs() gorgonia.Nodes
	// Output returns the memory plan of the result.
	Output() *Output
	// Again repeats the last Do on the same operands with their present values. That Do must
	// have succeeded, and no operand may be a scalar.
	Again() error
}

// Accumulator is an operation that computes the gradient of a parameter and can write or add it to
// memory of the caller, such as the parameter's slice of a flat gradient vector. It can also do so
// for consecutive parts of the samples. Each part then gets the same bytes as from a run of that
// part alone.
type Accumulator interface {
	Operation
	// Into makes all later runs write the gradient of each part of the samples to its target.
	// The targets' numbers of samples add up to the batch. All operations of a graph get the same
	// parts. The operation's own result is then undefined. Into(nil) restores the default.
	Into(targets []Target)
}

// Parted is an operation that cuts its work by the number of samples. The rounding of each sample's
// results depends on that number.
type Parted interface {
	Operation
	// Parts makes all later runs compute consecutive parts with these numbers of samples, one after
	// the other. Each part gets the same bytes as from a run of that part alone. Parts(nil) restores
	// the default.
	Parts(samples []int)
}

// Deferrer is an operation whose result can be completed later, by cores that wait in
// other operations.
type Deferrer interface {
	Operation
	// Start is Again, except that the result is complete only when Wait returns. Until
	// then the operands must not change. Extra results, such as the gradient of a bias,
	// are complete when Start returns.
	Start() error
	// Wait completes the result that Start has begun.
	Wait() error
}

// Output describes the memory of an operation's result. The next run of the operation
// overwrites the result. It may share memory with results that are not needed any more
// when it is computed.
type Output struct {
	// Len is the number of float32 that Place expects, or 0 if the result needs no
	// memory from outside.
	Len int
	// Alias is the position of the operand whose memory the result shares, or -1.
	Alias int
	// OrderOnly lists the positions of operands that only fix the order of execution.
	// Their values are not read.
	OrderOnly []int
	// Header is true if the result is only a view of memory that other operations fill.
	// A replay need not run the operation.
	Header bool
	// Inspect, unless nil, is called with the result after each run. Its error becomes
	// the error of the run.
	Inspect func(result []float32) error
	// Bind makes Do read its operands and return the result without computing it.
	Bind bool

	place func([]float32)
}

// Place gives the result its memory, of Len float32.
func (o *Output) Place(mem []float32) { o.place(mem) }
