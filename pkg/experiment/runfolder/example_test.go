package runfolder_test

import (
	"fmt"
	"os"

	"multiscale/pkg/experiment/runfolder"
	"multiscale/pkg/mge"
)

// A call that trains the requested units, except finished ones.
func Example() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	record := runfolder.Record{Configuration: map[string]any{"batch": 8}}
	units := runfolder.Units([]mge.Strategy{mge.MGE, mge.FullMultiscale}, []uint64{1})
	f, err := runfolder.Open(dir, record, units, runfolder.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	for _, w := range f.Work() {
		if err := f.Begin(w); err != nil {
			fmt.Println(err)
			return
		}
		// Train, with checkpoints in f.CheckpointDir(w.Unit); then write the model.
		if err := f.Finish(w.Unit, runfolder.Result{Summary: runfolder.Summary{WorkUnits: 585}}); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, s := range f.Summaries {
		fmt.Println(s.Unit, s.WorkUnits)
	}
	// Output:
	// mge-seed1 585
	// fullmultiscale-seed1 585
}
