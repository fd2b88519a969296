package vector

// Block says how a few columns of numbers lie: Rows rows, each Step elements after the one
// before. The number of columns is the length of the vectors that go with them, a multiple
// of ColumnUnit.
type Block struct{ Rows, Step int }

// ColumnUnit is what numbers of columns are multiples of.
const ColumnUnit = 8

// of panics if a slice is too short for n columns: the assembly would not notice.
func (b Block) of(n int, slices ...[]float32) {
	for _, x := range slices {
		if n < 1 || n%ColumnUnit != 0 || b.Rows < 1 || b.Step < n || len(x) < (b.Rows-1)*b.Step+n {
			panic("vector: columns do not fit their slices")
		}
	}
}

// MaxColumns raises m to the largest element of each column of x.
func MaxColumns(m, x []float32, b Block) {
	b.of(len(m), x)
	active().maxColumns(m, x, b.Rows, b.Step)
}

// ExpColumns writes exp(a*x-shift) over x and adds it to sums, column by column. Exponents
// are clamped to [-87, 87].
func ExpColumns(x []float32, b Block, a float32, shift []float32, sums []float64) {
	b.of(len(shift), x)
	sums = sums[:len(shift)]
	active().expColumns(x, b.Rows, b.Step, a, shift, sums)
}

// SoftGradColumns writes w*(gw-shift)*scale over gw: SoftGrad with softmax along columns.
func SoftGradColumns(gw, w []float32, b Block, shift, scale []float32) {
	b.of(len(shift), gw, w)
	scale = scale[:len(shift)]
	active().softGradColumns(gw, w, b.Rows, b.Step, shift, scale)
}

// MulColumns writes x times the factor of its column. The rows of y are step elements apart.
func MulColumns(y []float32, step int, x []float32, b Block, factor []float32) {
	b.of(len(factor), x)
	Block{b.Rows, step}.of(len(factor), y)
	active().mulColumns(y, step, x, b.Rows, b.Step, factor)
}
