package datasets_test

import (
	"fmt"

	"multiscale/datasets"
)

func Example() {
	d, _ := datasets.Find("stl10")
	fmt.Println(d.Title, d.URL)
	// Output: STL-10, binary version http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz
}
