package reference_test

import (
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/kernel/pad"
	"multiscale/pkg/kernel/ssim"
	"multiscale/pkg/layer"
	"multiscale/pkg/op"
	"multiscale/pkg/optimize"
	"multiscale/pkg/reference"
)

// toolbox has the function that tests the cases of each kind of the toolbox, the reference data of
// layers, losses and optimizers that the paper does not use.
var toolbox = map[string]func(*checker){
	"adamw_fixed_grads":        checkAdamW,
	"batch_norm":               checkBatchNorm,
	"channel_attention":        checkChannelAttention,
	"charbonnier":              checkCharbonnier,
	"charbonnier_plus_ssim":    checkCharbonnierPlusSSIM,
	"conv2d":                   checkConv,
	"conv_transpose2d":         checkTransposedConv,
	"ema":                      checkEMA,
	"gelu":                     checkGELU,
	"global_avg_pool":          checkGlobalAveragePool,
	"huber":                    checkHuber,
	"instance_norm":            checkInstanceNorm,
	"l1":                       checkL1,
	"layer_norm_channels":      checkPixelNorm,
	"max_pool2d":               checkMaxPool,
	"nafnet_block":             checkNAFBlock,
	"pad_reflect":              checkPad(pad.Reflect),
	"pad_replicate":            checkPad(pad.Replicate),
	"pixel_unshuffle":          checkPixelUnshuffle,
	"prelu":                    checkPReLU,
	"sgd_fixed_grads":          checkSGD,
	"sigmoid":                  checkSigmoid,
	"simple_channel_attention": checkSimpleChannelAttention,
	"simple_gate":              checkGate,
	"ssim_loss":                checkDissimilarity,
	"warmup_cosine":            checkWarmup,
}

// toolboxVariable is the environment variable that names the folder of the toolbox.
const toolboxVariable = "TOOLBOX_DIR"

// TestToolbox runs all cases of TOOLBOX_DIR, or of ../shared/toolbox if that is not set. Both are relative
// to the root of the module.
func TestToolbox(t *testing.T) {
	folder, set := os.LookupEnv(toolboxVariable)
	if !set {
		folder = filepath.Join("..", "shared", "toolbox")
	}
	if !filepath.IsAbs(folder) {
		folder = filepath.Join("..", "..", folder) // from this package to the root
	}
	if _, err := os.Stat(folder); err != nil && !set {
		t.Skipf("no toolbox in ../shared/toolbox; %s names another folder", toolboxVariable)
	}
	runCases(t, folder, toolbox)
}

func checkBatchNorm(k *checker) {
	var h struct {
		Mode          string
		Eps, Momentum float64
	}
	k.decode(&h)
	training := h.Mode == "training"
	if !training {
		settle(k, "mode", h.Mode, "evaluation")
	}
	var y *gorgonia.Node
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		y = b.Add(op.BatchNorm(in["x"], in["weight"], in["bias"], in["running_mean"], in["running_var"], float32(h.Eps), training))
		return y
	})
	if training {
		mean, variance := k.input("running_mean").Data, k.input("running_var").Data
		if err := y.Op().(*op.BatchNormOp).Follow(mean, variance, h.Momentum); err != nil {
			k.Fatal(err)
		}
		k.expect("running_mean_after.npy", mean)
		k.expect("running_var_after.npy", variance)
	}
}

func checkChannelAttention(k *checker) {
	var h struct{ Reduction int }
	k.decode(&h)
	x, weight := k.input("x"), k.input("weight1")
	settle(k, "the channels of weight1", weight.Shape[0], x.Shape[1]/h.Reduction)
	k.block(map[string]string{"weight1": "conv_du.0.weight", "bias1": "conv_du.0.bias", "weight2": "conv_du.2.weight", "bias2": "conv_du.2.bias"},
		func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
			return b.ChannelAttention("", x, h.Reduction)
		})
}

func checkSimpleChannelAttention(k *checker) {
	k.decode(&struct{}{})
	k.block(map[string]string{"weight": "1.weight", "bias": "1.bias"}, func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
		return b.SimpleChannelAttention("", x)
	})
}

func checkNAFBlock(k *checker) {
	var h struct {
		Channels    int
		Depthwise   int `json:"dw_expand"`
		FeedForward int `json:"ffn_expand"`
		Eps         float32
	}
	k.decode(&h)
	settle(k, "channels", k.input("x").Shape[1], h.Channels)
	k.block(nil, func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node {
		return b.NAFBlock("", x, layer.NAF{Depthwise: h.Depthwise, FeedForward: h.FeedForward, Eps: h.Eps})
	})
}

// block checks a block of layers. All inputs except x and the upstream gradient are values of its parameters. names maps
// names of inputs to those of parameters, if they differ.
func (k *checker) block(names map[string]string, f func(b *layer.Builder, x *gorgonia.Node) *gorgonia.Node) {
	k.Helper()
	for _, file := range k.Files {
		if file.Role != reference.Input || file.Name == "x" || file.Name == upstream {
			continue
		}
		name := file.Name
		if other, ok := names[name]; ok {
			name = other
		}
		k.Parameters = append(k.Parameters, reference.Parameter{Name: name, Path: file.Path, Shape: file.Shape})
	}
	set := k.declare(func(b *layer.Builder, in inputs) (y, cost *gorgonia.Node) { return f(b, in["x"]), nil })
	r := k.evaluate(set, []string{"x"}, func(b *layer.Builder, in inputs) (y, cost *gorgonia.Node) {
		y = f(b, in["x"])
		if b.Err() == nil {
			cost = b.Add(op.Dot(y, k.node(b, upstream)))
		}
		return y, cost
	})
	k.expect("y.npy", r.y)
	k.expect("grad_x.npy", r.inputs["x"])
	for _, p := range k.Parameters {
		k.expect("grad_"+p.Path, set.Param(p.Name).Slice(r.params))
	}
}

func checkTransposedConv(k *checker) {
	var h struct {
		Kernel, Stride, Padding int
		OutputPadding           int `json:"output_padding"`
		Dilation, Groups        int
		Bias                    bool
	}
	k.decode(&h)
	settle(k, "the kernel of the weights", k.input("weight").Shape[2], h.Kernel)
	settle(k, "the presence of a bias", k.hasInput("bias"), h.Bias)
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		return b.Add(op.TransposedConv(in["x"], in["weight"], in["bias"], op.TransposedConvOptions{
			Stride: h.Stride, Padding: h.Padding, OutputPadding: h.OutputPadding, Dilation: h.Dilation, Groups: h.Groups}))
	})
}

func checkMaxPool(k *checker) {
	var h struct{ Kernel, Stride, Padding int }
	k.decode(&h)
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		return b.MaxPool(in["x"], h.Kernel, h.Stride, h.Padding)
	})
}

func checkGlobalAveragePool(k *checker) {
	k.decode(&struct{}{})
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node { return b.GlobalAveragePool(in["x"]) })
}

func checkGELU(k *checker) {
	var h struct{ Approximate string }
	k.decode(&h)
	if h.Approximate != "tanh" {
		settle(k, "approximate", h.Approximate, "none")
	}
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node { return b.GELU(in["x"], h.Approximate == "tanh") })
}

func checkSigmoid(k *checker) {
	k.decode(&struct{}{})
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node { return b.Sigmoid(in["x"]) })
}

func checkPReLU(k *checker) {
	k.decode(&struct{}{})
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node { return b.Add(op.PReLU(in["x"], in["weight"])) })
}

func checkGate(k *checker) {
	k.decode(&struct{}{})
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node { return b.Gate(in["x"]) })
}

func checkPixelUnshuffle(k *checker) {
	var h struct{ R int }
	k.decode(&h)
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node { return b.PixelUnshuffle(in["x"], h.R) })
}

func checkPad(mode pad.Mode) func(*checker) {
	return func(k *checker) {
		var h op.Border
		k.decode(&h)
		k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node { return b.Pad(in["x"], mode, h) })
	}
}

func checkInstanceNorm(k *checker) {
	h := struct {
		Eps    float32
		Affine bool
	}{Affine: k.hasInput("weight")}
	k.decode(&h)
	settle(k, "the presence of a weight", k.hasInput("weight"), h.Affine)
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		return b.Add(op.GroupNorm(in["x"], in["weight"], in["bias"], in["x"].Shape()[1], h.Eps, layer.Identity))
	})
}

func checkPixelNorm(k *checker) {
	var h struct{ Eps float32 }
	k.decode(&h)
	k.vector("y.npy", func(b *layer.Builder, in inputs) *gorgonia.Node {
		return b.Add(op.PixelNorm(in["x"], in["weight"], in["bias"], h.Eps))
	})
}

// loss checks a loss of y against target.
func (k *checker) loss(f func(y, target *gorgonia.Node) (*gorgonia.Node, error)) {
	k.Helper()
	r := k.evaluate(none(), []string{"y"}, func(b *layer.Builder, in inputs) (y, cost *gorgonia.Node) {
		return nil, b.Add(op.Mean(b.Add(f(in["y"], in["target"]))))
	})
	k.expect("loss.npy", []float32{r.cost})
	k.expect("grad_y.npy", r.inputs["y"])
}

func checkL1(k *checker) {
	k.decode(&struct{}{})
	k.loss(op.L1)
}

func charbonnier(eps float64) func(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	return func(y, target *gorgonia.Node) (*gorgonia.Node, error) { return op.Charbonnier(y, target, eps) }
}

func checkCharbonnier(k *checker) {
	var h struct{ Eps float64 }
	k.decode(&h)
	k.loss(charbonnier(h.Eps))
}

func checkHuber(k *checker) {
	var h struct{ Delta float64 }
	k.decode(&h)
	k.loss(func(y, target *gorgonia.Node) (*gorgonia.Node, error) { return op.Huber(y, target, h.Delta) })
}

func checkDissimilarity(k *checker) {
	var h ssimOptions
	k.decode(&h)
	h.settle(k)
	settle(k, "padding", h.Padding, len(ssim.Window())/2)
	k.loss(op.Dissimilarity)
}

func checkCharbonnierPlusSSIM(k *checker) {
	var h struct {
		ssimOptions
		Eps    float64
		Weight float32
	}
	k.decode(&h)
	h.settle(k)
	settle(k, "padding", h.Padding, len(ssim.Window())/2)
	k.loss(func(y, target *gorgonia.Node) (*gorgonia.Node, error) {
		return op.WeightedSum(y, target, op.Weighted{Factor: 1, Loss: charbonnier(h.Eps)}, op.Weighted{Factor: h.Weight, Loss: op.Dissimilarity})
	})
}

func checkEMA(k *checker) {
	var h struct {
		Decay float64
		Steps int
	}
	k.decode(&h)
	p := k.input("p")
	settle(k, "the number of steps in p", p.Shape[0], h.Steps)
	ema := optimize.NewEMA(h.Decay, k.input("p0").Data)
	var got []float32
	for i := range h.Steps {
		if err := ema.Update(p.Data[i*p.Shape[1] : (i+1)*p.Shape[1]]); err != nil {
			k.Fatal(err)
		}
		got = append(got, ema.Values()...)
	}
	k.expect("ema.npy", got)
}

func checkWarmup(k *checker) {
	var h struct {
		LR            float64
		Final         float64 `json:"eta_min"`
		Warmup, Steps int
	}
	k.decode(&h)
	schedule := optimize.Warmup{Rate: h.LR, Steps: h.Warmup, Then: optimize.Cosine{Initial: h.LR, Final: h.Final, Steps: h.Steps - h.Warmup}}
	var rates []float64
	for i := range h.Steps {
		rates = append(rates, schedule.LearningRate(i))
	}
	k.expect("lr.npy", narrow(rates))
}
