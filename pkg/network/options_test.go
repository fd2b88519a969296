package network_test

import (
	"fmt"
	"reflect"
	"testing"

	"multiscale/pkg/network"
)

// Describe writes a network as a line of text, from which Parse makes it again.
func ExampleKinds() {
	kinds := network.Standard()
	text, _ := kinds.Describe(network.Enlarged{Body: network.NewSRNet(), Factor: 2})
	fmt.Println(text)
	n, err := kinds.Parse(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n.Name(), n.Scale())
	// Output:
	// {"enlarged":{"Body":{"srnet":{"Out":0,"Hidden":64}},"Factor":2}}
	// srnet 2
}

// TestParse: Parse makes equal networks from descriptions, and rejects wrong ones.
func TestParse(t *testing.T) {
	kinds := network.Standard()
	for _, n := range []network.Network{
		network.NewResNet(), network.NewUNet(), network.NewSRNet(), network.NewESPCN(), network.Enlarged{Body: network.NewSRResNet(), Factor: 3},
		network.UNet{Out: 1, Base: 4, Multipliers: []int{1, 2, 3}, Blocks: 2, Attention: []int{2, 4}, Heads: 2, Groups: 4, Dropout: 0.1},
	} {
		text, ok := kinds.Describe(n)
		if !ok {
			t.Errorf("%+v cannot be described", n)
		}
		if back, err := kinds.Parse(text); err != nil || !reflect.DeepEqual(back, n) {
			t.Errorf("%s: %+v (%v)", text, back, err)
		}
	}
	for _, text := range []string{"", "null", "{}", "[]", `{"resnet":null}`, `{"resnet":{}}`, `{"enlarged":{}}`, `{"resnet":{"Out":3,"Hidden":4,"Blocks":1,"Time":false}} more`} {
		if n, err := kinds.Parse(text); err == nil {
			t.Errorf("%q is a network: %+v", text, n)
		}
	}
}
