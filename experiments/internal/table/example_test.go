package table_test

import (
	"fmt"

	"multiscale/experiments/internal/table"
)

func ExampleAligned() {
	fmt.Print(table.Aligned([][]string{{"network", "PSNR dB"}, {"unet", "28.31"}, {"resnet", "27.9"}}, 1))
	// Output:
	// | network | PSNR dB |
	// |---------|--------:|
	// | unet    |   28.31 |
	// | resnet  |    27.9 |
}
