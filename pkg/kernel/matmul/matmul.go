// Package matmul multiplies row-major float32 matrices.
package matmul

func Mul(c, a, b []float32, m, n, k int, transA, transB bool, alpha, beta float32) {
	for i := range m {
		row := c[i*n : (i+1)*n]
		for j := range row {
			if beta == 0 {
				row[j] = 0
			} else {
				row[j] *= beta
			}
		}
		for l := range k {
			v := alpha
			if transA {
				v *= a[l*m+i]
			} else {
				v *= a[i*k+l]
			}
			if transB {
				for j := range row {
					row[j] += v * b[j*k+l]
				}
			} else {
				for j, x := range b[l*n : (l+1)*n] {
					row[j] += v * x
				}
			}
		}
	}
}

func Batch(count int, c []float32, strideC int, a []float32, strideA int, b []float32, strideB int, m, n, k int, transA, transB bool, alpha, beta float32) {
	for i := range count {
		Mul(c[i*strideC:], a[i*strideA:], b[i*strideB:], m, n, k, transA, transB, alpha, beta)
	}
}
