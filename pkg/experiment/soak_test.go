package experiment_test

import (
	"flag"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

var soak = flag.Int("soak", 0, "optimizer steps of the soak test; 20000 take a few minutes")

// TestSoak: memory, open files and goroutines do not grow over many steps, with
// checkpoints every second.
//
//	go test ./pkg/experiment -run TestSoak -soak 20000 -timeout 1h -v
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("takes minutes; see -soak")
	}
	total := strconv.Itoa(*soak)
	c, err := setting.Arguments(catalog.Standard(), task.Superresolution(), flags("-strategy", "mge", "-iterations", total, "-checkpoint-every", "1s", "-out", t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	m := &meter{t: t, step: regexp.MustCompile(`step (\d+)/` + total)}
	if err := experiment.Run(t.Context(), catalog.Standard(), task.Superresolution(), c, m, m); err != nil {
		t.Fatal(err)
	}
	if len(m.seen) < 3 {
		t.Fatalf("%d measurements", len(m.seen))
	}
	// At the first measurement, graphs, packed weights and buffers exist.
	first, last := m.seen[0], m.seen[len(m.seen)-1]
	// The history grows by a row a step: less than 512 bytes, for the row in a slice
	// with spare capacity and for its JSON in a checkpoint. The rest is waiting batches
	// and buffers of checkpoints; resident memory also has garbage.
	rows := 512 * int64(last.step-first.step)
	if grown := last.heap - first.heap; grown > rows+8<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	if grown := last.resident - first.resident; grown > rows+48<<20 {
		t.Errorf("the process has grown by %d bytes", grown)
	}
	if last.files > first.files || last.goroutines > first.goroutines {
		t.Errorf("from %+v to %+v", first, last)
	}
}

// meter measures the process whenever progress is printed.
type meter struct {
	t    *testing.T
	step *regexp.Regexp
	seen []measurement
}

type measurement struct {
	step              int
	heap, resident    int64 // bytes; the heap's after a collection
	files, goroutines int
}

// Write implements io.Writer.
func (m *meter) Write(p []byte) (int, error) {
	if found := m.step.FindSubmatch(p); found != nil {
		step, err := strconv.Atoi(string(found[1]))
		if err != nil {
			m.t.Error(err)
		}
		runtime.GC()
		runtime.GC() // a second one, because pools need two
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		now := measurement{step: step, heap: int64(memory.HeapAlloc), resident: resident(m.t), files: openFiles(m.t), goroutines: runtime.NumGoroutine()}
		m.t.Logf("step %6d: heap %5.1f MiB, resident %6.1f MiB, %d files, %d goroutines",
			now.step, float64(now.heap)/(1<<20), float64(now.resident)/(1<<20), now.files, now.goroutines)
		m.seen = append(m.seen, now)
	}
	return len(p), nil
}

// resident returns the resident memory of the process, in bytes; 0 if the system
// does not report it.
func resident(t *testing.T) int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	found := regexp.MustCompile(`^\d+ (\d+)`).FindSubmatch(data)
	if found == nil {
		t.Fatalf("statm: %q", data)
	}
	pages, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// openFiles returns the number of open files of the process; 0 if the system does
// not report it.
func openFiles(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
