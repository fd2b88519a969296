package dataset_test

import (
	"fmt"

	"multiscale/pkg/dataset"
	"multiscale/pkg/random"
)

func Example() {
	set, err := dataset.Open(dataset.Options{Name: "deadleaves", Side: 32})
	if err != nil {
		fmt.Println(err)
		return
	}
	sample := make([]float32, 3*32*32)
	r := random.New(1).Child("sample", 0)
	i := r.Intn(set.Train.Len())
	if err := set.Train.Sample(sample, i, 32, &r); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set.Train.Len(), "pictures, one of them", set.Train.Name(i))
	// Output: 1024 pictures, one of them deadleaves/train/0483
}
