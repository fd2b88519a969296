package backend

import (
	"slices"
	"strings"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// multiply sets c (m,n) to beta*c + alpha*op(a)*op(b) with inner dimension k. ta and tb select
// the transposed a and b; the distances between rows are ldc, lda and ldb.
func multiply(c, a, b []float32, m, n, k, ldc, lda, ldb int, ta, tb bool, alpha, beta float32) {
	general := func(data []float32, rows, cols, stride int, transposed bool) (blas.Transpose, blas32.General) {
		t := blas.NoTrans
		if transposed {
			t, rows, cols = blas.Trans, cols, rows
		}
		return t, blas32.General{Rows: rows, Cols: cols, Stride: stride, Data: data}
	}
	tA, A := general(a, m, k, lda, ta)
	tB, B := general(b, k, n, ldb, tb)
	_, C := general(c, m, n, ldc, false)
	blas32.Gemm(tA, tB, alpha, A, B, beta, C)
}

// gemm computes alpha*op(a)*op(b) + beta*c, where c broadcasts.
func gemm(n *node) []result {
	alpha, beta := n.number("alpha", 1), n.number("beta", 1)
	ta, tb := n.integer("transA", 0) != 0, n.integer("transB", 0) != 0
	if n.opset < 7 {
		n.ignore("broadcast") // it follows from the shapes
	}
	n.floatOperands(2, 3)
	a, b := n.in[0].shape, n.in[1].shape
	if len(a) != 2 || len(b) != 2 {
		n.fail("operands of shapes %v and %v, want matrices", a, b)
	}
	rows, inner := a[0], a[1]
	if ta {
		rows, inner = inner, rows
	}
	inner2, cols := b[0], b[1]
	if tb {
		inner2, cols = cols, inner2
	}
	shape := []int{rows, cols}
	bias := loop{}
	if n.has(2) {
		if s, err := broadcast(shape, n.in[2].shape); err != nil || count(s) != count(shape) || len(s) != 2 {
			n.fail("operand 2 of shape %v does not broadcast to %v", n.in[2].shape, shape)
		}
		bias = loop{shape: shape, strides: [][]int{strides(shape), stretch(n.in[2].shape, shape)}}
	}
	if inner != inner2 {
		n.fail("matrices of shapes %v and %v do not fit", a, b)
	}
	n.work(rows, inner, cols)
	return n.like(shape, func(out any, in []any) {
		y := floats(out)
		keep := float32(0)
		if bias.shape != nil {
			bias.move(y, in[2])
			keep = beta
		}
		multiply(y, floats(in[0]), floats(in[1]), rows, cols, inner, cols, a[1], b[1], ta, tb, alpha, keep)
	})
}

// matMul is NumPy's matmul: the last two axes are matrices, the others broadcast.
func matMul(n *node) []result {
	n.floatOperands(2, 2)
	a, b := n.in[0].shape, n.in[1].shape
	if len(a) < 1 || len(b) < 1 {
		n.fail("operands of shapes %v and %v, want vectors or matrices", a, b)
	}
	// A vector on the left is a row, on the right a column. The result does not have the added axis of length one.
	row, column := len(a) == 1, len(b) == 1
	if row {
		a = []int{1, a[0]}
	}
	if column {
		b = []int{b[0], 1}
	}
	rows, inner, cols := a[len(a)-2], a[len(a)-1], b[len(b)-1]
	if b[len(b)-2] != inner {
		n.fail("matrices of shapes %v and %v do not fit", a, b)
	}
	batch, err := broadcast(a[:len(a)-2], b[:len(b)-2])
	if err != nil {
		n.fail("%w", err)
	}
	n.work(append([]int{rows, inner, cols}, batch...)...)
	// One matrix of each operand for every index of the batch.
	l := loop{shape: batch, strides: [][]int{strides(batch), stretch(a[:len(a)-2], batch), stretch(b[:len(b)-2], batch)}}
	shape := slices.Clone(batch)
	if !row {
		shape = append(shape, rows)
	}
	if !column {
		shape = append(shape, cols)
	}
	return n.like(shape, func(out any, in []any) {
		y, p, q := floats(out), floats(in[0]), floats(in[1])
		clear(y)
		l.rows(func(at []int, n int, steps []int) {
			for i := range n {
				c, s, t := at[0]+i*steps[0], at[1]+i*steps[1], at[2]+i*steps[2]
				multiply(y[c*rows*cols:(c+1)*rows*cols], p[s*rows*inner:], q[t*inner*cols:], rows, cols, inner, cols, inner, cols, false, false, 1, 0)
			}
		})
	})
}

// einsum sums products over the indices that do not appear in the result. It is simple, not
// fast: in practice only attention uses this operation.
func einsum(n *node) []result {
	equation := strings.ReplaceAll(n.text("equation", ""), " ", "")
	n.operands(1, len(n.in))
	left, right, ok := strings.Cut(equation, "->")
	terms := strings.Split(left, ",")
	if len(terms) != len(n.in) {
		n.fail("equation %q is not for %d operands", equation, len(n.in))
	}
	if !ok {
		right = implied(left)
	}
	// An ellipsis stands for the axes that an operand has beyond its letters. It is replaced by
	// capital letters, which the equation must not contain, aligned at the end.
	rest := 0
	for i, term := range terms {
		if strings.Contains(term, ellipsis) {
			rest = max(rest, len(n.in[i].shape)-len(term)+len(ellipsis))
		}
	}
	if rest > len(others) || strings.ContainsAny(left+right, others) {
		n.fail("equation %q is not supported", equation)
	}
	for i, term := range terms {
		own := max(0, min(rest, len(n.in[i].shape)-len(term)+len(ellipsis)))
		terms[i] = strings.Replace(term, ellipsis, others[rest-own:rest], 1)
	}
	right = strings.Replace(right, ellipsis, others[:rest], 1)
	length := map[rune]int{}
	indices := right // indices of the result, followed by those that are summed over
	for i, term := range terms {
		n.float(i)
		if len(term) != len(n.in[i].shape) {
			n.fail("equation %q does not fit operand %d of shape %v", equation, i, n.in[i].shape)
		}
		for k, r := range term {
			d := n.in[i].shape[k]
			old, seen := length[r]
			broadcast := strings.ContainsRune(others, r) && (d == 1 || old == 1)
			if seen && d != old && !broadcast {
				n.fail("equation %q: index %c has two lengths", equation, r)
			}
			length[r] = max(d, old)
			if !strings.ContainsRune(indices, r) {
				indices += string(r)
			}
		}
	}
	dims := make([]int, 0, len(indices))
	for i, r := range indices {
		d, ok := length[r]
		if !ok || strings.IndexRune(indices, r) != i {
			n.fail("equation %q: index %c of the result is unknown or repeated", equation, r)
		}
		dims = append(dims, d)
	}
	shape, summed := dims[:len(right)], dims[len(right):]
	n.work(dims...)
	moves := make([][]int, len(terms)) // for each operand, its strides by index
	for i, term := range terms {
		own := strides(n.in[i].shape)
		moves[i] = make([]int, len(dims))
		for k, r := range term {
			if n.in[i].shape[k] > 1 { // else the operand is repeated
				moves[i][strings.IndexRune(indices, r)] += own[k]
			}
		}
	}
	return n.like(shape, func(out any, in []any) {
		y := floats(out)
		depth := count(summed)
		parallel(len(y), depth, func(lo, hi int) {
			at := make([]int, len(dims))
			for i := lo; i < hi; i++ {
				unravel(at[:len(shape)], i, shape)
				sum := 0.0
				for j := range depth {
					unravel(at[len(shape):], j, summed)
					product := 1.0
					for k, move := range moves {
						product *= float64(floats(in[k])[dot(at, move)])
					}
					sum += product
				}
				y[i] = float32(sum)
			}
		})
	})
}

const (
	ellipsis = "..."
	others   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// implied returns the right side of an equation that has none: the ellipsis, then the letters that occur once, in
// alphabetical order.
func implied(left string) string {
	right := ""
	if strings.Contains(left, ellipsis) {
		right = ellipsis
	}
	letters := strings.NewReplacer(ellipsis, "", ",", "").Replace(left)
	for _, r := range slices.Sorted(slices.Values([]rune(letters))) {
		if strings.Count(letters, string(r)) == 1 {
			right += string(r)
		}
	}
	return right
}

// unravel converts a position in C order to indices.
func unravel(at []int, i int, shape []int) {
	for k := len(shape) - 1; k >= 0; k-- {
		at[k] = i % shape[k]
		i /= shape[k]
	}
}

func dot(a, b []int) (sum int) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
