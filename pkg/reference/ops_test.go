package reference_test

import (
	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel"
	"multiscale/pkg/layer"
	"multiscale/pkg/op"
)

func checkConv(k *checker) {
	h := struct {
		Kernel, Stride, Padding, Dilation, Groups int
		Bias                                      bool
	}{Bias: true}
	k.decode(&h)
	settle(k, "the kernel of the weights", k.input("weight").Shape[2], h.Kernel)
	settle(k, "the presence of a bias", k.hasInput("bias"), h.Bias)
	options := op.ConvOptions{Stride: h.Stride, Padding: h.Padding, Dilation: h.Dilation, Groups: h.Groups}
	if h.Padding == 0 {
		options.Padding = -1
	}
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		return b.Add(op.Conv(in["x"], in["weight"], in["bias"], options))
	})
}

func checkLinear(k *checker) {
	k.decode(&struct{}{})
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		return b.Add(op.Linear(in["x"], in["weight"], in["bias"], false))
	})
}

func checkGroupNorm(k *checker) {
	var h struct {
		Groups int `json:"num_groups"`
		Eps    float32
	}
	k.decode(&h)
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		return b.Add(op.GroupNorm(in["x"], in["weight"], in["bias"], h.Groups, h.Eps, layer.Identity))
	})
}

func checkLayerNorm(k *checker) {
	var h struct{ Eps float32 }
	k.decode(&h)
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		return b.Add(op.LayerNorm(in["x"], h.Eps, layer.Identity))
	})
}

func checkInterpolate(k *checker) {
	var h struct {
		Mode         op.Interpolation
		AlignCorners bool    `json:"align_corners"`
		Factor       float64 `json:"scale_factor"`
		Size         []int
	}
	k.decode(&h)
	settle(k, "align_corners", h.AlignCorners, false)
	if h.Size != nil {
		settle(k, "the length of size", len(h.Size), 2)
	}
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		if h.Size != nil {
			return b.Add(op.ResizeTo(in["x"], h.Mode, h.Size[0], h.Size[1]))
		}
		return b.Add(op.Resize(in["x"], h.Mode, h.Factor))
	})
}

func checkAttention(k *checker) {
	var h struct {
		Heads int `json:"num_heads"`
	}
	k.decode(&h)
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		return b.Add(op.Attention(in["qkv"], h.Heads))
	})
}

func checkTimestepEmbedding(k *checker) {
	var h struct {
		Dim       int
		MaxPeriod float64 `json:"max_period"`
	}
	k.decode(&h)
	k.vector("emb.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		return b.Add(op.Sinusoid(in["t"], h.Dim, h.MaxPeriod, true))
	})
}

func checkUnary(k *checker) {
	var h struct {
		Function       string
		Kernel, Stride int
		R              int
		Slope          float32
	}
	k.decode(&h)
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		x := in["x"]
		switch h.Function {
		case "avg_pool2d":
			settle(k, "the stride of pooling", h.Stride, h.Kernel)
			return b.Add(op.AveragePool(x, h.Kernel))
		case "leaky_relu":
			return b.Activate(x, kernel.Activation{Kind: kernel.LeakyReLU, Slope: h.Slope})
		case "pixel_shuffle":
			return b.PixelShuffle(x, h.R)
		case "relu":
			return b.Activate(x, layer.ReLU)
		case "silu":
			return b.Activate(x, layer.SiLU)
		case "softmax":
			return b.Add(op.Softmax(x))
		case "tanh":
			return b.Activate(x, layer.Tanh)
		}
		k.Fatalf("unknown function %q", h.Function)
		return nil
	})
}
