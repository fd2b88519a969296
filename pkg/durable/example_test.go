package durable_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"multiscale/pkg/durable"
)

func Example() {
	dir, err := os.MkdirTemp("", "durable")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	lock, err := durable.Acquire(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer lock.Release()

	path := filepath.Join(dir, "result.txt")
	err = durable.WriteFile(durable.OS, path, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, "all or nothing")
		return err
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := durable.ReadFile(durable.OS, path, 1<<20)
	fmt.Printf("%s%v\n", data, err)
	// Output:
	// all or nothing
	// <nil>
}
