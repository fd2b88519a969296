package reference_test

import (
	"multiscale/pkg/kernel/blur"
	"multiscale/pkg/pixel"
)

// checkBlur checks the blur of deblurring: its point spread function, transfer function and adjoint.
func checkBlur(k *checker) {
	var h struct {
		Dim   int
		Sigma []float64
		Roll  []int // position of the centre in the stored point spread function
	}
	k.decode(&h)
	settle(k, "the length of roll", len(h.Roll), 2)
	g := k.gaussian(h.Dim, h.Dim, h.Sigma)
	psf, centred := g.PSF(), make([]float64, h.Dim*h.Dim)
	for i := range h.Dim {
		for j := range h.Dim {
			from := modulo(i+h.Roll[0], h.Dim)*h.Dim + modulo(j+h.Roll[1], h.Dim)
			centred[i*h.Dim+j] = psf[from]
		}
	}
	k.expect("psf.npy", narrow(centred))
	k.expect("S_real.npy", narrow(g.Transfer()))
	k.expect("S_imag.npy", make([]float32, h.Dim*h.Dim))
	x := k.images("x")
	k.expect("y.npy", k.blurred(x, h.Sigma).Data)
	y := make([]float32, len(x.Data))
	g.Adjoint(y, x.Data, x.N*x.C)
	k.expect("y_adjoint.npy", y)
}

// modulo returns i modulo n in [0,n).
func modulo(i, n int) int { return (i%n + n) % n }

// checkDeblurring checks the degradation of deblurring.
func checkDeblurring(k *checker) {
	var h struct {
		Dim   int
		Sigma []float64
	}
	k.decode(&h)
	x, t := k.blurred(k.images("x"), h.Sigma), tenths(k.input("u").Data)
	settle(k, "the side of x", x.H, h.Dim)
	k.expect("t.npy", t)
	k.expect("x_blur.npy", x.Data)
	k.expect("xt.npy", noisy(x, k.images("z"), rest(t)).Data)
}

func (k *checker) gaussian(h, w int, sigma []float64) blur.Gaussian {
	settle(k, "the length of sigma", len(sigma), 2)
	return blur.New(h, w, sigma[0], sigma[1])
}

func (k *checker) blurred(x pixel.Images, sigma []float64) pixel.Images {
	y := pixel.NewImages(x.N, x.C, x.H, x.W)
	k.gaussian(x.H, x.W, sigma).Apply(y.Data, x.Data, x.N*x.C)
	return y
}
