package network_test

import (
	"testing"

	"multiscale/pkg/network"
)

// TestParameterCounts pins the sizes that the paper and its code state.
func TestParameterCounts(t *testing.T) {
	for _, tc := range []struct {
		network network.Network
		want    int
	}{
		{network.NewResNet(), 597_699},
		{network.NewUNet(), 2_537_187},
		{network.NewSRNet(), 69_603},
		{network.NewESPCN(), 26_796},
		{network.NewNAFNet(), 29_159_715},
		{network.NewDnCNN(), 595_395},
		{network.NewFolded(), 3_082_636},
		{network.NewEDSR(), 1_227_340},
	} {
		set, err := network.Parameters(tc.network, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		if set.Len() != tc.want {
			t.Errorf("%s has %d parameters, want %d", tc.network.Name(), set.Len(), tc.want)
		}
	}
}
