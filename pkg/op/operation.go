package op

import "gorgonia.org/gorgonia"

// Operation is what every operation of this package offers beside Gorgonia's own interface: enough
// to export a graph, to place results in memory and to replay runs. A program's own operation gets
// it by embedding a Base.
type Operation interface {
	gorgonia.Op

	// Kind names the operation, for instance "Conv". An exporter chooses by it how the
	// operation is written.
	Kind() string
	// Inputs returns the operands in order; Gorgonia keeps them to itself.
	Inputs() gorgonia.Nodes
	// Output returns the memory plan of the result.
	Output() *Output
	// Again repeats the last Do, which must have succeeded, on the same operands with
	// their present values. None of them may be a scalar.
	Again() error
}

// Accumulator is an operation that computes the gradient of a parameter, and can write it to
// memory of the caller's: to its place in the gradient of all parameters. It can do so for parts of
// the samples, one after the other, with the bytes that a run of each part alone gives.
type Accumulator interface {
	Operation
	// Into makes all later runs write the gradients of parts of the samples to targets, whose
	// samples are all together. All operations of a graph get the same parts. The operation's
	// own result is then undefined. Nil undoes this.
	Into(targets []Target)
}

// Parted is an operation that cuts its work by the number of samples, on which the rounding of each sample's
// results depends.
type Parted interface {
	Operation
	// Parts makes all later runs compute parts of the samples, of these numbers, one after the other,
	// with the bytes that a run of each part alone gives. Nil undoes this.
	Parts(samples []int)
}

// Deferrer is an operation whose result can be completed later, by cores that wait in
// other operations.
type Deferrer interface {
	Operation
	// Start is Again without its result, which is complete when Wait returns; until
	// then the operands must stay as they are. Extra results, such as a bias's
	// gradient, are complete when Start returns.
	Start() error
	// Wait completes what Start has begun.
	Wait() error
}

// Output describes where an operation's result lives. The next run of the operation
// overwrites the result, which may share memory with results that are no longer needed
// when it is computed.
type Output struct {
	// Len is the number of float32 that Place expects; 0 where the result
	// needs no memory from outside.
	Len int
	// Alias is the operand whose memory the result shares, or -1.
	Alias int
	// OrderOnly lists operands that only fix the order of execution: their
	// values are not read.
	OrderOnly []int
	// Header says that the result is only another view of memory that other
	// operations fill, so that it is made once.
	Header bool
	// Inspect, unless nil, is called with the result after each run; its error
	// becomes that of the run.
	Inspect func(result []float32) error
	// Bind, while it is set, has Do take its operands and return the result without
	// computing it.
	Bind bool

	place func([]float32)
}

// Place gives the result its memory, of Len float32.
func (o *Output) Place(mem []float32) { o.place(mem) }
