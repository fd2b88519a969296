package reference_test

import (
	"math"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/ssim"
	"multiscale/pkg/layer"
	"multiscale/pkg/metric"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/pixel"
)

// none returns an empty set of parameters.
func none() *param.Set {
	set := param.NewSet(1)
	set.Seal()
	return set
}

func checkMSE(k *checker) {
	k.decode(&struct{}{})
	r := k.evaluate(none(), k.differentiated(), func(b *layer.Builder, in inputs) (y, cost *gorgonia.Node) {
		return nil, b.Add(op.Mean(b.Add(op.MSE(in["x"], in["target"]))))
	})
	k.expect("loss.npy", []float32{r.cost})
	k.expectGradients(nil, r)
	x, target := k.images("x"), k.images("target")
	k.expect("loss.npy", []float32{float32(metric.Mean(metric.MeanSquares(x, target)))})
}

// narrow rounds values to the precision of the files.
func narrow(v []float64) []float32 {
	f := make([]float32, len(v))
	for i := range v {
		f[i] = float32(v[i])
	}
	return f
}

// cost evaluates a loss on images a and b.
func (k *checker) cost(loss func(y, target *gorgonia.Node) (*gorgonia.Node, error), a, b pixel.Images) float64 {
	r := k.evaluate(none(), nil, func(build *layer.Builder, _ inputs) (y, cost *gorgonia.Node) {
		return nil, build.Add(op.Mean(build.Add(loss(imagesNode(build, "a", a), imagesNode(build, "b", b)))))
	})
	return float64(r.cost)
}

func imagesNode(b *layer.Builder, name string, x pixel.Images) *gorgonia.Node {
	n := b.Variable(name, x.N, x.C, x.H, x.W)
	copy(floats(n), x.Data)
	return n
}

func checkPSNR(k *checker) {
	var h struct{ Peak float64 }
	k.decode(&h)
	a, b := k.images("img1"), k.images("img2")
	peak := 20 * math.Log10(h.Peak) // metric's peak is 1
	mse, psnr := metric.MeanSquares(b, a), metric.PeakRatios(b, a)
	for i := range psnr {
		psnr[i] += peak
	}
	k.expect("mse_per_image.npy", narrow(mse))
	k.expect("psnr_per_image.npy", narrow(psnr))
	k.expect("psnr_mean.npy", narrow([]float64{metric.Mean(psnr)}))
	k.expect("psnr_pooled.npy", narrow([]float64{peak - 10*math.Log10(metric.Mean(mse))}))

	// The loss of training.
	for i := range mse {
		mse[i] = k.cost(op.MSE, b.Slice(i, i+1), a.Slice(i, i+1))
	}
	k.expect("mse_per_image.npy", narrow(mse))
	k.expect("psnr_pooled.npy", narrow([]float64{peak - 10*math.Log10(k.cost(op.MSE, b, a))}))
}

func checkSSIM(k *checker) {
	var h ssimOptions
	k.decode(&h)
	h.settle(k)
	settle(k, "padding", h.Padding, len(ssim.Window())/2)
	a, b := k.images("img1"), k.images("img2")

	// The measure of reports.
	values := metric.Similarities(a, b)
	k.expect("ssim_per_image.npy", narrow(values))
	k.expect("ssim_mean.npy", narrow([]float64{metric.Mean(values)}))

	// The loss of training is its negative. It has a gradient with respect to one operand.
	window := ssim.Window()
	var square []float64
	for _, u := range window {
		for _, v := range window {
			square = append(square, u*v)
		}
	}
	k.expect("kernel.npy", narrow(square))
	for i := range values {
		values[i] = -k.cost(op.NegativeSSIM, a.Slice(i, i+1), b.Slice(i, i+1))
	}
	k.expect("ssim_per_image.npy", narrow(values))
	for _, side := range [][2]string{{"img1", "img2"}, {"img2", "img1"}} {
		r := k.evaluate(none(), side[:1], func(b *layer.Builder, in inputs) (y, cost *gorgonia.Node) {
			return nil, b.Add(op.Mean(b.Add(op.NegativeSSIM(in[side[0]], in[side[1]]))))
		})
		g := r.inputs[side[0]]
		for i := range g {
			g[i] = -g[i]
		}
		k.expect("ssim_mean.npy", []float32{-r.cost})
		k.expect("grad_"+side[0]+".npy", g)
	}
}

type ssimOptions struct {
	Window  int `json:"window_size"`
	Sigma   float64
	L       float64
	Padding int
}

// settle fails unless the options are those of the paper's SSIM.
func (h ssimOptions) settle(k *checker) {
	k.Helper()
	settle(k, "window_size", h.Window, len(ssim.Window()))
	settle(k, "sigma", h.Sigma, 1.5)
	settle(k, "L", h.L, 1)
}
