package blur

import "gonum.org/v1/gonum/dsp/fourier"

// plan holds the tables and memory of a fast Fourier transform of n pixels. Only one
// goroutine may use it at a time.
type plan struct {
	fft          *fourier.FFT
	signal       []float64
	coefficients []complex128
}

func newPlan(n int) *plan {
	return &plan{fourier.NewFFT(n), make([]float64, n), make([]complex128, n/2+1)}
}

// filter multiplies every stride-th value of x by the transfer function in Fourier space,
// and writes the results to the same places of y.
func (p *plan) filter(y, x []float32, stride int, transfer []float64) {
	for i := range p.signal {
		p.signal[i] = float64(x[i*stride])
	}
	p.fft.Coefficients(p.coefficients, p.signal)
	for k := range p.coefficients {
		// The transform and its inverse in gonum together multiply by n.
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
