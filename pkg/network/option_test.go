package network_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/network"
)

// Text can name a network and its options.
func ExampleFind() {
	offered := network.Restoration(true)
	n, err := network.Find(offered, "nafnet:width=16,blocks=1-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", n)
	fmt.Println(network.Text(offered, n))
	_, err = network.Find(offered, "resnet:depth=9")
	fmt.Println(err)
	// Output:
	// {Plain:{} Out:0 Width:16 Blocks:[1 1] Middle:12 Up:[2 2]}
	// nafnet:width=16,blocks=1-1,up=2-2
	// resnet has no option "depth"; resnet has hidden=128 (1 to 16384), blocks=2 (1 to 1024), time=true (true or false)
}

// all returns the networks of Restoration and Superresolution.
func all() []network.Network {
	return append(network.Restoration(true), network.Superresolution(2)...)
}

// TestWith: options change a copy of the network, and Text writes them.
func TestWith(t *testing.T) {
	unet := network.NewUNet()
	unet.Base, unet.Attention, unet.Dropout = 48, []int{1, 2}, 0.25
	for _, tc := range []struct {
		networks []network.Network
		text     string
		want     network.Network
	}{
		{all(), "unet:base=48,attention=1-2,dropout=0.25", unet},
		{all(), "unet", network.NewUNet()},
		{all(), "resnet:hidden=64,blocks=3,time=false", network.ResNet{Hidden: 64, Blocks: 3}},
		{network.Superresolution(2), "srnet:hidden=8", network.Enlarged{Body: network.SRNet{Hidden: 8}, Factor: 2}},
		{network.Superresolution(3), "espcn:hidden1=8,hidden2=4", network.ESPCN{Hidden1: 8, Hidden2: 4, Factor: 3}},
		{network.Superresolution(2), "resnet:blocks=2", network.Enlarged{Body: network.ResNet{Hidden: 100, Blocks: 2}, Factor: 2}},
		{all(), "nafnet:blocks=none", network.NAFNet{Width: 32, Middle: 12}},
		{all(), "nafnet:blocks=1-2,up=3-4", network.NAFNet{Width: 32, Blocks: []int{1, 2}, Middle: 12, Up: []int{3, 4}}},
	} {
		n, err := network.Find(tc.networks, tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		if got, want := fmt.Sprintf("%+v", n), fmt.Sprintf("%+v", tc.want); got != want { // an empty list may be nil
			t.Errorf("%s: %s, want %s", tc.text, got, want)
		}
		again, err := network.Find(tc.networks, network.Text(tc.networks, n))
		if err != nil || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", n) {
			t.Errorf("%s becomes %+v, %v", network.Text(tc.networks, n), again, err)
		}
	}
	if n, err := network.Find(all(), "unet"); err != nil || !reflect.DeepEqual(n, network.NewUNet()) {
		t.Errorf("the network that was offered has changed: %+v, %v", n, err)
	}
}

// TestWrongOptions: an error says what is wrong and lists the options.
func TestWrongOptions(t *testing.T) {
	for text, words := range map[string]string{
		"vgg:width=3":           `unknown network "vgg"`,
		"unet:":                 `"" is not option=value`,
		"unet:base":             `"base" is not option=value`,
		"unet:base=48,,":        "is not option=value",
		"unet:base=48,base=32":  "base is given twice",
		"unet:base=x":           `base takes 1 to 16384, not "x"`,
		"unet:base=0":           `base takes 1 to 16384, not "0"`,
		"unet:base=24":          "base times 1 is 24 channels",
		"unet:base=16384":       "base times 2 is 32768 channels",
		"unet:dropout=nan":      "dropout takes 0 to less than 1",
		"unet:multipliers=1-x":  `multipliers takes 1 to 8 numbers from 1 to 16384, like 1-2, not "1-x"`,
		"unet:multipliers=none": "multipliers takes",
		"unet:multipliers=1,2":  `"2" is not option=value, with dashes`,
		"unet:multipliers=" + strings.Repeat("1-", 8) + "1": "multipliers takes 1 to 8",
		"resnet:time=yes":        "time takes true or false",
		"nafnet:blocks=1,up=1-1": "up has 2 numbers, blocks 1",
		"nafnet:width=16384":     "channels at the bottom",
		"unet:Base=48":           `no option "Base"; unet has base=32 (1 to 16384)`,
	} {
		if n, err := network.Find(all(), text); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %+v, %v; want %s", text, n, err, words)
		}
	}
	if _, err := network.Find([]network.Network{bare{}}, "bare:a=1"); err == nil || !strings.Contains(err.Error(), "bare has no options") {
		t.Errorf("options of a network without: %v", err)
	}
}

// bare is a network without options.
type bare struct{ network.Plain }

func (bare) Name() string                                               { return "bare" }
func (bare) Build(_ *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node { return x }

// deep is a network with an option whose methods have pointer receivers.
type deep struct {
	network.Plain
	Depth float64
}

func (*deep) Name() string                                               { return "deep" }
func (*deep) Build(_ *layer.Builder, x, _ *gorgonia.Node) *gorgonia.Node { return x }
func (d *deep) Options() []network.Option {
	return []network.Option{network.Number("depth", "how deep", &d.Depth, -1, 1)}
}

// TestPointer: options also change a copy if the network is a pointer.
func TestPointer(t *testing.T) {
	given := &deep{Depth: 0.5}
	n, err := network.Find([]network.Network{given}, "deep:depth=-0.25")
	if err != nil || n.(*deep).Depth != -0.25 || given.Depth != 0.5 {
		t.Errorf("%+v, %v; given %+v", n, err, given)
	}
	if text := network.Text([]network.Network{given}, n); text != "deep:depth=-0.25" {
		t.Error(text)
	}
}

// FuzzFind: Find returns an error, or a network that Text writes such that Find reads it again.
func FuzzFind(f *testing.F) {
	for _, s := range []string{"unet:base=48,dropout=0", "nafnet:blocks=1-1,up=none", "resnet:time=false", "unet:base=1e9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := network.Find(all(), text)
		if err != nil {
			return
		}
		if again, err := network.Find(all(), network.Text(all(), n)); err != nil || network.Text(all(), again) != network.Text(all(), n) {
			t.Errorf("%q: %+v becomes %+v, %v", text, n, again, err)
		}
	})
}
