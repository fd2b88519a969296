package table_test

import (
	"fmt"

	"multiscale/pkg/experiment/table"
)

func ExampleAligned() {
	fmt.Print(table.Aligned([][]string{{"network", "PSNR dB"}, {"unet", "28.31"}, {"resnet", "27.9"}}, 1))
	// Output:
	// | network | PSNR dB |
	// |---------|--------:|
	// | unet    |   28.31 |
	// | resnet  |    27.9 |
}

// One value, three renderings; this is CSV.
func ExampleTable() {
	t := table.Table{
		Columns: []table.Column{
			{Heading: []string{"strategy"}, Fields: []string{"strategy"}, Words: true},
			{Heading: []string{"MSE"}, Fields: []string{"mse"}},
		},
		Rows: [][]table.Cell{{table.Words("mge"), table.Number(0.084246, table.Digits(0.084246, 3))}},
	}
	fmt.Print(t.CSV())
	// Output:
	// strategy,mse
	// mge,0.084246
}
