package kernel

// Activation names a pointwise non-linearity that kernels may fuse into their
// last pass over the data.
type Activation struct {
	Kind  ActivationKind
	Slope float32 // of LeakyReLU for negative inputs; unused by the others
}

// ActivationKind enumerates the non-linearities.
type ActivationKind uint8

// The non-linearities. The zero value is the identity.
const (
	Identity  ActivationKind = iota
	ReLU                     // max(x, 0)
	LeakyReLU                // x for x > 0, Slope*x otherwise
	SiLU                     // x / (1 + exp(-x))
	Tanh
)

// OfResult reports whether the derivative is computed from the result instead of the input. A
// network keeps the result anyway, for the operation that follows.
func (a Activation) OfResult() bool { return a.Kind == Tanh }
