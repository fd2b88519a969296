package network_test

import (
	"fmt"

	"multiscale/pkg/network"
)

// Networks are small values; their options are fields.
func Example() {
	unet := network.NewUNet()
	paper, err := network.Parameters(unet, 3, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	unet.Base = 16
	small, err := network.Parameters(unet, 3, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(paper.Len(), small.Len())
	fmt.Println(small.Params()[0].Name, small.Params()[0].Shape)
	// Output:
	// 2537187 637043
	// time_embed.0.weight (64, 16)
}
