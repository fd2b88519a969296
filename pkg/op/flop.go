package op

// Counted is an operation that knows the number of floating-point operations of one run. A
// multiplication and the addition that follows it are two. Operations that are not Counted are cheap in
// comparison.
type Counted interface {
	Operation
	FLOP() int64
}

// FLOP implements Counted.
func (o *ConvOp) FLOP() int64 {
	w := o.inputs[1].Shape()
	return 2 * int64(o.shape.TotalSize()) * int64(w.TotalSize()/w[0])
}

// FLOP implements Counted.
func (o *TransposedConvOp) FLOP() int64 {
	w := o.inputs[1].Shape()
	return 2 * int64(o.inputs[0].Shape().TotalSize()) * int64(w.TotalSize()/w[0])
}

// FLOP implements Counted.
func (o *LinearOp) FLOP() int64 { return 2 * int64(o.n) * int64(o.in) * int64(o.outputs) }

// FLOP implements Counted. It counts the two products, with the keys and with the values.
func (o *AttentionOp) FLOP() int64 {
	return 4 * int64(o.shape.TotalSize()) * int64(o.size.T)
}
