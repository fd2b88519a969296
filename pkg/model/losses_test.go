package model_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"multiscale/pkg/kernel/ssim"
	"multiscale/pkg/model"
	"multiscale/pkg/op/optest"
	"multiscale/pkg/pixel"
)

// lossOf computes a loss of random values y and target (1,2,9,11).
func lossOf(t *testing.T, text string, pixels pixel.Scale) (loss float64, y, target []float32) {
	t.Helper()
	f, err := model.ParseLoss(text, pixels)
	if err != nil {
		t.Fatal(err)
	}
	s := optest.Case{
		Function: func(in gorgonia.Nodes) (*gorgonia.Node, error) { return f(in[0], in[1]) },
		Inputs:   []tensor.Shape{{1, 2, 9, 11}, {1, 2, 9, 11}}, Constants: 1,
	}.Build(t, optest.Compiled)
	s.Run(t)
	return float64(optest.Values(s.Result)[0]), optest.Values(s.Inputs[0]), optest.Values(s.Inputs[1])
}

func TestParseLoss(t *testing.T) {
	mean := func(f func(d float64) float64) func(y, target []float32) float64 {
		return func(y, target []float32) float64 {
			var sum float64
			for i := range y {
				sum += f(float64(y[i]) - float64(target[i]))
			}
			return sum / float64(len(y))
		}
	}
	huber := func(delta float64) func(y, target []float32) float64 {
		return mean(func(d float64) float64 {
			if math.Abs(d) <= delta {
				return d * d / 2
			}
			return delta * (math.Abs(d) - delta/2)
		})
	}
	charbonnier := func(eps float64) func(y, target []float32) float64 {
		return mean(func(d float64) float64 { return math.Sqrt(d*d + eps*eps) })
	}
	pixels := pixel.Scale{Mean: []float64{0.4, 0.6}, Std: []float64{0.2, 0.3}}
	dissimilarity := func(y, target []float32) float64 {
		unit := func(v []float32) []float32 {
			p := make([]float32, len(v))
			for i := range v {
				mean, std := pixels.Channel(i / (9 * 11))
				p[i] = float32(float64(v[i])*std + mean)
			}
			return p
		}
		value := make([]float64, 1)
		ssim.Forward(value, unit(y), unit(target), ssim.Shape{N: 1, C: 2, H: 9, W: 11})
		return 1 - value[0]
	}
	for text, want := range map[string]func(y, target []float32) float64{
		"mse":             mean(func(d float64) float64 { return d * d }),
		"l1":              mean(math.Abs),
		"charbonnier":     charbonnier(1e-3),
		"charbonnier:0.5": charbonnier(0.5),
		"huber":           huber(0.1),
		"huber:0.5":       huber(0.5),
		"ssim":            dissimilarity,
		"2*l1":            mean(func(d float64) float64 { return 2 * math.Abs(d) }),
		"charbonnier+0.2*ssim": func(y, target []float32) float64 {
			return charbonnier(1e-3)(y, target) + 0.2*dissimilarity(y, target)
		},
	} {
		got, y, target := lossOf(t, text, pixels)
		// The tolerance allows for rounding to float32, also of pixels.
		if w := want(y, target); math.Abs(got-w) > 1e-5*math.Abs(w) {
			t.Errorf("%s: %v, want %v", text, got, w)
		}
	}
	for text, want := range map[string]string{
		"": "unknown loss", "psnr": "use mse, l1", "mse:1": "takes no number", "huber:0": "not a number above 0", "huber:x": "not a number",
		"-1*mse": "factor", "nan*mse": "factor", "1e99*mse": "factor", "mse+": "unknown loss", "mse*2": "factor", strings.Repeat("mse+", 20) + "mse": "at most 16",
	} {
		if _, err := model.ParseLoss(text, pixels); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestCanonicalLoss(t *testing.T) {
	for text, want := range map[string]string{
		"huber": "huber", "huber:0.1": "huber", "huber:0.10": "huber", "1*huber:1e-1": "huber", "huber:0.5": "huber:0.5",
		"charbonnier:0.001+.20*ssim": "charbonnier+0.2*ssim", "1000000000000000000000000*mse": "1e24*mse", "ssim+mse": "ssim+mse",
	} {
		if got, err := model.CanonicalLoss(text); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
}

func FuzzParseLoss(f *testing.F) {
	f.Add("charbonnier:0.01+0.2*ssim")
	f.Fuzz(func(t *testing.T, text string) {
		if loss, err := model.ParseLoss(text, pixel.Unit); (loss == nil) != (err != nil) {
			t.Errorf("%q: a loss and an error, or neither", text)
		} else if err == nil {
			once, err := model.CanonicalLoss(text)
			if err != nil {
				t.Fatalf("%q is read, and has no canonical form: %v", text, err)
			}
			if twice, err := model.CanonicalLoss(once); err != nil || twice != once {
				t.Errorf("%q: %q becomes %q, %v", text, once, twice, err)
			}
		}
	})
}
