package reference_test

import (
	"bytes"
	"encoding/json"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/mesh"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
	"multiscale/pkg/param"
	"multiscale/pkg/pixel"
)

// checkModule checks a block of a network.
func checkModule(k *checker) {
	var h struct{ Model json.RawMessage }
	k.decode(&h)
	k.vector("y.npy", k.module(h.Model))
}

// groups is the number of groups of the reference networks' GroupNorm.
const groups = 16

func (k *checker) module(model json.RawMessage) func(*layer.Builder, inputs) *gorgonia.Node {
	switch class := k.class(model); class {
	case "AttentionBlock":
		var h struct {
			Class    string
			Channels int
			Heads    int `json:"num_heads"`
		}
		k.strict(model, &h)
		return func(b *layer.Builder, in inputs) *gorgonia.Node {
			return b.Attention("", in["x"], groups, h.Heads)
		}
	case "TimeEmbedding":
		var h struct {
			Class  string
			Width  int `json:"embed_dim"`
			Hidden int `json:"hidden_dim"`
		}
		k.strict(model, &h)
		return func(b *layer.Builder, in inputs) *gorgonia.Node {
			return b.TimeEmbedding("", in["t"], h.Width, h.Hidden)
		}
	case "resnet_block":
		var h struct {
			Class  string
			In     int  `json:"in_channels"`
			Out    int  `json:"out_channels"`
			Hidden int  `json:"hid_channels"`
			Time   bool `json:"time_embed"`
		}
		k.strict(model, &h)
		settle(k, "out_channels", h.Out, h.In)
		return func(b *layer.Builder, in inputs) *gorgonia.Node {
			return b.NormBlock("", in["x"], nil, in["t"], h.Hidden)
		}
	case "ResBlock":
		h := struct {
			Class     string
			Channels  int
			Embedding int `json:"emb_channels"`
			Dropout   float32
			Out       int `json:"out_channels"`
		}{}
		k.strict(model, &h)
		if h.Out == 0 {
			h.Out = h.Channels
		}
		return func(b *layer.Builder, in inputs) *gorgonia.Node {
			return b.ResidualBlock("", in["x"], b.Activate(in["emb"], layer.SiLU), h.Out, groups, h.Dropout)
		}
	default:
		k.Fatalf("unknown class %q", class)
		return nil
	}
}

// network returns the network that a case describes, without dropout, and the number of its input
// channels. With dropout the masks of the reference would be unknown.
func (k *checker) network(model json.RawMessage, mode string) (n network.Network, channels int) {
	switch class := k.class(model); class {
	case "resnet":
		var h struct {
			Class  string
			In     int  `json:"in_channels"`
			Out    int  `json:"out_channels"`
			Hidden int  `json:"hid_channels"`
			Blocks int  `json:"nlayers"`
			Time   bool `json:"time_embed"`
		}
		k.strict(model, &h)
		return network.ResNet{Out: h.Out, Hidden: h.Hidden, Blocks: h.Blocks, Time: h.Time}, h.In
	case "UNetModel":
		h := struct {
			Class       string
			In          int   `json:"in_channels"`
			Out         int   `json:"out_channels"`
			Base        int   `json:"model_channels"`
			Blocks      int   `json:"num_res_blocks"`
			Attention   []int `json:"attention_resolutions"`
			Dropout     float32
			Multipliers []int `json:"channel_mult"`
			Heads       int   `json:"num_heads"`
		}{Heads: 1}
		k.strict(model, &h)
		if h.Dropout > 0 {
			settle(k, "the mode of a network with dropout", mode, "eval")
		}
		return network.UNet{Out: h.Out, Base: h.Base, Multipliers: h.Multipliers, Blocks: h.Blocks,
			Attention: h.Attention, Heads: h.Heads, Groups: groups}, h.In
	case "SRParaConvNet":
		var h struct {
			Class  string
			In     int `json:"in_channels"`
			Out    int `json:"out_channels"`
			Hidden int `json:"hid_channels"`
			Factor int `json:"upscale_factor"` // of the caller's enlargement
		}
		k.strict(model, &h)
		return network.SRNet{Out: h.Out, Hidden: h.Hidden}, h.In
	case "ESPCN":
		var h struct {
			Class            string
			Channels         int
			Factor           int `json:"upscale_factor"`
			Hidden1, Hidden2 int
		}
		k.strict(model, &h)
		return network.ESPCN{Channels: h.Channels, Hidden1: h.Hidden1, Hidden2: h.Hidden2, Factor: h.Factor}, h.Channels
	default:
		k.Fatalf("unknown class %q", class)
		return nil, 0
	}
}

func (k *checker) class(model json.RawMessage) string {
	var h struct{ Class string }
	if err := json.Unmarshal(model, &h); err != nil {
		k.Fatal(err)
	}
	return h.Class
}

// strict reads the options of a model. Unknown options are errors.
func (k *checker) strict(model json.RawMessage, into any) {
	d := json.NewDecoder(bytes.NewReader(model))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		k.Fatalf("model %s: %v", model, err)
	}
}

// load returns the case's network and its parameters.
func (k *checker) load(model json.RawMessage, mode string) (network.Network, *param.Set) {
	n, channels := k.network(model, mode)
	set, err := network.Parameters(n, channels, 1)
	if err != nil {
		k.Fatal(err)
	}
	k.fill(set)
	return n, set
}

// checkModel checks a network with the mean squared error, in one graph with the gradients of
// parameters and input, and in a model.Model, as in training.
func checkModel(k *checker) {
	var h struct {
		Model json.RawMessage
		Mode  string
	}
	k.decode(&h)
	n, set := k.load(h.Model, h.Mode)

	r := k.evaluate(set, k.differentiated(), func(b *layer.Builder, in inputs) (y, cost *gorgonia.Node) {
		if y = n.Build(b, in["x"], in["t"]); b.Err() != nil {
			return nil, nil
		}
		return y, b.Add(op.Mean(b.Add(op.MSE(y, in["target"]))))
	})
	k.expect("y.npy", r.y)
	k.expect("loss.npy", []float32{r.cost})
	k.expectGradients(set, r)

	m := model.New(n, set, op.MSE)
	batch := k.batch("x", "t", "target")
	y := make([]float32, len(batch.Target.Data))
	if err := m.Apply(k.Context(), y, batch.Input, batch.T); err != nil {
		k.Fatal(err)
	}
	k.expect("y.npy", y)
	g := make([]float32, set.Len())
	loss, err := m.AddGradient(k.Context(), g, batch, 0)
	if err != nil {
		k.Fatal(err)
	}
	k.expect("loss.npy", []float32{float32(loss)})
	k.gradients("", set, g)
}

// batch reads a batch of samples; t is optional.
func (k *checker) batch(x, t, target string) mesh.Batch {
	b := mesh.Batch{Input: k.images(x), Target: k.images(target)}
	b.Samples = make([]uint64, b.Len())
	if k.hasInput(t) {
		b.T = k.input(t).Data
	}
	return b
}

func (k *checker) images(name string) pixel.Images {
	a := k.input(name)
	settle(k, "the rank of "+name, len(a.Shape), 4)
	return pixel.Images{Shape: pixel.Shape{N: a.Shape[0], C: a.Shape[1], H: a.Shape[2], W: a.Shape[3]}, Data: a.Data}
}
