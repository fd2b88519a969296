package blur

import "gonum.org/v1/gonum/dsp/fourier"

// plan is what one fast transform of n pixels needs. Only one goroutine may use
// it at a time.
type plan struct {
	fft          *fourier.FFT
	signal       []float64
	coefficients []complex128
}

func newPlan(n int) *plan {
	return &plan{fourier.NewFFT(n), make([]float64, n), make([]complex128, n/2+1)}
}

// filter writes the values at every stride-th place of x, multiplied by the
// transfer function in Fourier space, to the same places of y.
func (p *plan) filter(y, x []float32, stride int, transfer []float64) {
	for i := range p.signal {
		p.signal[i] = float64(x[i*stride])
	}
	p.fft.Coefficients(p.coefficients, p.signal)
	for k := range p.coefficients {
		// gonum's transform there and back multiplies by n.
		c, s := p.coefficients[k], transfer[k]/float64(len(p.signal))
		p.coefficients[k] = complex(real(c)*s, imag(c)*s)
	}
	p.fft.Sequence(p.signal, p.coefficients)
	for i, v := range p.signal {
		y[i*stride] = float32(v)
	}
}

// spectrum returns the transform of an even real function, which is real and
// even.
func spectrum(x []float64) []float64 {
	n := len(x)
	s := make([]float64, n)
	for k, c := range fourier.NewFFT(n).Coefficients(nil, x) {
		s[k], s[(n-k)%n] = real(c), real(c)
	}
	return s
}
