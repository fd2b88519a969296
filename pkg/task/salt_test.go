package task_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"multiscale/pkg/dataset"
	"multiscale/pkg/mesh"
	"multiscale/pkg/op"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// SaltAndPepper asks for x, of which a share t of the pixels has become white or
// black, t ~ 0.3 U(0,1).
type SaltAndPepper struct{}

// Name implements Task.
func (SaltAndPepper) Name() string { return "saltandpepper" }

// Loss implements Task: the mean squared error.
func (SaltAndPepper) Loss(y, target *gorgonia.Node) (*gorgonia.Node, error) {
	return op.MSE(y, target)
}

// Scale implements Task.
func (SaltAndPepper) Scale() int { return 1 }

// Pixels implements Task: on [-1,1] whatever the data set, for Degrade has to
// know what black and white are.
func (SaltAndPepper) Pixels(*dataset.Set) pixel.Scale { return pixel.Signed }

// Time implements Task.
func (SaltAndPepper) Time(r *random.Stream) float32 { return 0.3 * r.Float32() }

// Degrade implements Task.
func (SaltAndPepper) Degrade(input, clean []float32, at task.Mesh, t float32, r *random.Stream) {
	copy(input, clean)
	grains := r.Child("grains", uint64(at.Level)) // other pixels on other meshes
	plane := at.Side * at.Side
	for i := range plane {
		u := grains.Float32()
		if u >= t {
			continue
		}
		grain := float32(1)
		if u >= t/2 {
			grain = -1
		}
		for c := range 3 {
			input[c*plane+i] = grain
		}
	}
}

// A task of one's own draws batches like any other.
func Example_saltAndPepper() {
	set, err := dataset.Open(dataset.Options{Side: 32})
	if err != nil {
		fmt.Println(err)
		return
	}
	of := SaltAndPepper{}
	s := task.Sampler{Task: of, Source: set.Train, Pixels: of.Pixels(set), Side: 32, Restriction: mesh.Nearest, Seed: 1}
	fine, _, err := s.Draw(0, 0, 1, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	grains := 0
	for i, v := range fine.Input.Data[:32*32] {
		if v != fine.Target.Data[i] {
			grains++
		}
	}
	fmt.Printf("t = %.2f: %.0f%% of the pixels are grains\n", fine.T[0], 100*float64(grains)/(32*32))
	// Output: t = 0.11: 11% of the pixels are grains
}

// TestDocumentedTask: the example of docs/extending.md is this file's.
func TestDocumentedTask(t *testing.T) {
	const file = "../../docs/extending.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("salt_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(source), ")\n\n")
	code, _, _ = strings.Cut(code, "\n// A task of one's own")
	if !strings.Contains(string(text), code) {
		t.Errorf("%s shows another example than salt_test.go", file)
	}
}
