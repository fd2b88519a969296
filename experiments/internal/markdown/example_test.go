package markdown_test

import (
	"fmt"

	"multiscale/experiments/internal/markdown"
)

func ExampleTable() {
	fmt.Print(markdown.Table([][]string{{"network", "PSNR dB"}, {"unet", "28.31"}, {"resnet", "27.9"}}, 1))
	// Output:
	// | network | PSNR dB |
	// |---------|--------:|
	// | unet    |   28.31 |
	// | resnet  |    27.9 |
}
