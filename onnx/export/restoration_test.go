package export_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/onnx/crosscheck"
	"multiscale/onnx/export"
	"multiscale/pkg/layer"
	"multiscale/pkg/model"
	"multiscale/pkg/network"
	"multiscale/pkg/op"
)

// sink is a custom network with layers that no network of the project has.
type sink struct{}

func (sink) Name() string    { return "sink" }
func (sink) Conditions() int { return 0 }
func (sink) Scale() int      { return 1 }
func (sink) Multiple() int   { return 2 }

func (sink) Build(b *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node {
	channels := x.Shape()[1]
	h := b.GELU(b.BatchNorm("bn", b.Conv("open", x, layer.Conv{Out: 8, Kernel: 3, NoBias: true})), true)
	h = b.Conv("dilated", h, layer.Conv{Out: 8, Kernel: 3, Dilation: 2})
	h, skip := b.Fork2(b.InstanceNorm("in", h))
	h = b.GELU(b.Conv("grouped", b.MaxPool(h, 2, 2, 0), layer.Conv{Out: 8, Kernel: 3, Groups: 4}), false)
	h = b.Concat(b.Resize(h, op.Nearest, 2), b.ChannelAttention("ca", skip, 2))
	return b.Conv("close", h, layer.Conv{Out: channels, Kernel: 3})
}

// TestRestorationNetworks exports networks that have operations without a core form, compares them with the originals in
// every available runtime, and imports them again.
func TestRestorationNetworks(t *testing.T) {
	own := export.Extensions{Networks: network.Kinds{"sink": sink{}}}
	for name, n := range map[string]network.Network{
		"nafnet": network.NAFNet{Width: 4, Blocks: []int{1, 2}, Middle: 1, Up: []int{1, 1}},
		"sink":   sink{},
	} {
		t.Run(name, func(t *testing.T) {
			set := parameters(t, n)
			o := about(n)
			o.Extensions = own
			data := encode(t, n, set, o)
			report, err := crosscheck.Run(t.Context(), data, crosscheck.Options{
				Shapes: [][]int{{1, 3, 8, 8}, {2, 3, 12, 20}}, Extensions: own, Forward: crosscheck.Network(t.Context(), model.New(n, set, op.MSE)),
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range report.Rows {
				if row.Exceeds(tolerance) {
					t.Errorf("%+v", row)
				}
			}
			if !strings.Contains(strings.Join(report.Notes, "\n"), "not run in "+crosscheck.Gorgonnx) {
				t.Errorf("notes %q do not say why it is not run in %s", report.Notes, crosscheck.Gorgonnx)
			}
			i := importWith(t, data, own)
			if !reflect.DeepEqual(i.Network, n) || !slices.Equal(i.Params.Values(), set.Values()) {
				t.Errorf("imported %+v with other values, want %+v", i.Network, n)
			}
			if !bytes.Equal(data, encode(t, i.Network, i.Params, i.Options)) {
				t.Error("exporting again gives other bytes")
			}
		})
	}
}
