package model_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/layer"
	"multiscale/pkg/network"
)

// mixedUp is a network whose graph has two inputs with equal hashes in the next given number of builds.
type mixedUp struct {
	network.ESPCN
	times *int
}

// Build implements network.Network.
func (n mixedUp) Build(b *layer.Builder, x, t *gorgonia.Node) *gorgonia.Node {
	if *n.times--; *n.times >= 0 {
		b.Input("x139599", 2)
		b.Input("x322382", 2)
	}
	return n.ESPCN.Build(b, x, t)
}

// TestEqualHashes: a graph with equal hashes, which Gorgonia would compute wrongly, is built
// again. It is an error if that does not help.
func TestEqualHashes(t *testing.T) {
	for times, right := range map[int]bool{0: true, 2: true, 1000: false} {
		left := 0 // while parameters are declared
		m := newModel(t, mixedUp{network.NewESPCN(), &left})
		left = times
		_, err := m.Bytes(1, 3, 8, 8, false)
		if (err == nil) != right || err != nil && !strings.Contains(err.Error(), "espcn: nodes") {
			t.Errorf("%d times: %v", times, err)
		}
	}
}
