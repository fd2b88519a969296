package task_test

import (
	"math"
	"testing"

	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
	"multiscale/pkg/task"
)

// holes returns the mask of filling on a mesh of an image with the given side: true where it hides a pixel. All other pixels keep
// their values, and those of an image of white noise change in a fill.
func holes(t *testing.T, side int, at task.Grid, seed uint64) []bool {
	t.Helper()
	clean, x := pixel.NewImages(1, 3, side, side), pixel.NewImages(1, 3, side, side)
	noise := random.New(1)
	noise.Normals(clean.Data)
	r := random.New(seed)
	if err := task.Filling().Degrade(x, clean, at, []float32{0}, &r); err != nil {
		t.Fatal(err)
	}
	hidden := make([]bool, x.Plane())
	for i := range hidden {
		hidden[i] = x.Data[i] != clean.Data[i]
		for c := range x.C {
			if k := c*x.Plane() + i; (x.Data[k] != clean.Data[k]) != hidden[i] {
				t.Fatalf("seed %d: pixel %d is hidden in channel 0 or in channel %d, not in both", seed, i, c)
			}
		}
	}
	return hidden
}

// TestFillingStartsHarmonic: networks get holes whose pixels are the mean of their neighbours, and all other pixels as they are. The
// tolerance is that of package harmonic's last sweep.
func TestFillingStartsHarmonic(t *testing.T) {
	const side = 32
	at := task.Grid{Step: 1, H: side, W: side}
	clean, x := pixel.NewImages(1, 3, side, side), pixel.NewImages(1, 3, side, side)
	noise := random.New(1)
	noise.Normals(clean.Data)
	missing := 0
	for seed := range uint64(20) {
		r := random.New(seed)
		if err := task.Filling().Degrade(x, clean, at, []float32{0}, &r); err != nil {
			t.Fatal(err)
		}
		for i, v := range x.Data {
			if v == clean.Data[i] {
				continue
			}
			missing++
			row, column := i%x.Plane()/side, i%side
			var sum, count float64
			for _, n := range [][2]int{{row - 1, column}, {row + 1, column}, {row, column - 1}, {row, column + 1}} {
				if n[0] >= 0 && n[0] < side && n[1] >= 0 && n[1] < side {
					sum += float64(x.Data[i/x.Plane()*x.Plane()+n[0]*side+n[1]])
					count++
				}
			}
			if d := math.Abs(float64(v) - sum/count); d > 1e-3 {
				t.Fatalf("seed %d, row %d, column %d: %v is %v from the mean of its neighbours", seed, row, column, v, d)
			}
		}
	}
	if missing == 0 {
		t.Fatal("no sample has a hole")
	}
}

// longest returns the length of the longest run of hidden pixels in a row or column of a mask with the given side.
func longest(hidden []bool, side int) int {
	most := 0
	for _, step := range []struct{ line, pixel int }{{side, 1}, {1, side}} {
		for i := range side {
			run := 0
			for j := range side {
				if run++; !hidden[i*step.line+j*step.pixel] {
					run = 0
				}
				most = max(most, run)
			}
		}
	}
	return most
}

// widest returns the side of the largest square of hidden pixels.
func widest(hidden []bool, side int) int {
	squares, most := make([]int, len(hidden)), 0
	for i := range hidden {
		if !hidden[i] {
			continue
		}
		squares[i] = 1
		if i >= side && i%side > 0 {
			squares[i] += min(squares[i-1], squares[i-side], squares[i-side-1])
		}
		most = max(most, squares[i])
	}
	return most
}

// TestFillingHoles: of many samples about a quarter has strokes alone, some of them as thin as scratches, and there are boxes
// with sides of more than a third of the image. Something is hidden in nearly every sample, and never all of it.
func TestFillingHoles(t *testing.T) {
	const side, samples = 128, 400
	var strokes, scratches, large, empty int
	for seed := range uint64(samples) {
		hidden := holes(t, side, task.Grid{Step: 1, H: side, W: side}, seed)
		count := 0
		for _, h := range hidden {
			if h {
				count++
			}
		}
		switch width := widest(hidden, side); {
		case count == 0:
			empty++
		case count > side*side*9/10:
			t.Errorf("seed %d hides %d of %d pixels", seed, count, side*side)
		case width <= 2:
			scratches++
			strokes++
		case width <= side/16+2 && count < side*side/8:
			strokes++
		}
		if longest(hidden, side) > side/3 && widest(hidden, side) > side/5 {
			large++
		}
	}
	if empty > samples/50 || strokes < samples/6 || strokes > samples/2 || scratches < samples/50 || large < samples/10 {
		t.Errorf("of %d samples %d are empty, %d have strokes alone, %d thin ones, %d large boxes", samples, empty, strokes, scratches, large)
	}
}

// TestFillingOnMeshes: a coarse mesh has the holes of the finest one. They differ at most at the edges of holes: a pixel on the
// coarse mesh is hidden only if one of the finest mesh at most two pixels from it is, and visible only if one is.
func TestFillingOnMeshes(t *testing.T) {
	const side = 128
	for seed := range uint64(100) {
		fine := holes(t, side, task.Grid{Step: 1, H: side, W: side}, seed)
		coarse := holes(t, side/2, task.Grid{Level: 1, Step: 1, H: side / 2, W: side / 2}, seed)
		for i, hidden := range coarse {
			found := false
			row, column := 2*(i/(side/2)), 2*(i%(side/2))
			for y := max(row-2, 0); y < min(row+4, side); y++ {
				for x := max(column-2, 0); x < min(column+4, side); x++ {
					found = found || fine[y*side+x] == hidden
				}
			}
			if !found {
				t.Fatalf("seed %d: on the coarse mesh pixel %d is hidden: %v; around it on the finest mesh none is", seed, i, hidden)
			}
		}
	}
}
