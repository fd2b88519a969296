package vector

// Block is the layout of a few columns of numbers: Rows rows, Step elements apart. The
// number of columns is the length of the vectors that a function takes along with the block.
// It is a multiple of ColumnUnit.
type Block struct{ Rows, Step int }

// ColumnUnit divides the number of columns.
const ColumnUnit = 8

// of panics if a slice is too short for n columns. The assembly does not check this.
func (b Block) of(n int, slices ...[]float32) {
	for _, x := range slices {
		if n < 1 || n%ColumnUnit != 0 || b.Rows < 1 || b.Step < n || len(x) < (b.Rows-1)*b.Step+n {
			panic("vector: columns do not fit their slices")
		}
	}
}

// MaxColumns writes to m the maximum of m and the largest element of each column of x.
func MaxColumns(m, x []float32, b Block) {
	b.of(len(m), x)
	active().maxColumns(m, x, b.Rows, b.Step)
}

// ExpColumns replaces x by exp(a*x-shift) and adds the results to sums, column by column.
// Exponents are clamped to [-87, 87].
func ExpColumns(x []float32, b Block, a float32, shift []float32, sums []float64) {
	b.of(len(shift), x)
	sums = sums[:len(shift)]
	active().expColumns(x, b.Rows, b.Step, a, shift, sums)
}

// SoftGradColumns replaces gw by w*(gw-shift)*scale: SoftGrad for a softmax along columns.
func SoftGradColumns(gw, w []float32, b Block, shift, scale []float32) {
	b.of(len(shift), gw, w)
	scale = scale[:len(shift)]
	active().softGradColumns(gw, w, b.Rows, b.Step, shift, scale)
}

// MulColumns writes x, multiplied by the factor of each column, to y. The rows of y are step
// elements apart.
func MulColumns(y []float32, step int, x []float32, b Block, factor []float32) {
	b.of(len(factor), x)
	Block{b.Rows, step}.of(len(factor), y)
	active().mulColumns(y, step, x, b.Rows, b.Step, factor)
}
