package picture_test

import (
	"fmt"
	"os"
	"path/filepath"

	"multiscale/pkg/picture"
)

func Example() {
	dir, err := os.MkdirTemp("", "picture")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ramp.png")

	planes := make([]float32, 3*2*4)
	for i := range planes {
		planes[i] = float32(i%4) / 3
	}
	if err := picture.FromFloat(planes, 4, 2).Save(path); err != nil {
		fmt.Println(err)
		return
	}
	p, err := picture.Open(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.W, p.H, p.Pix[:4])
	// Output: 4 2 [0 85 170 255]
}
