package lists_test

import (
	"fmt"
	"strconv"

	"multiscale/pkg/lists"
)

func Example() {
	shape := []int{2, 3, 2}
	fmt.Println(lists.Of(shape, strconv.Itoa), lists.To[int64](shape), lists.Product(shape), lists.Sum(shape), lists.Indices(3))
	length := func(s string) int { return len(s) }
	words := []string{"mesh", "step", "sum"}
	fmt.Println(lists.By(words, length))
	fmt.Println(lists.Find(words, length, 3))
	fmt.Println(lists.Twice(words, length))
	fmt.Println(lists.Distinct(shape), lists.Set(shape))
	// Output:
	// [2 3 2] [2 3 2] 12 7 [0 1 2]
	// map[3:sum 4:step]
	// sum true
	// 4 true
	// [2 3] map[2:true 3:true]
}
