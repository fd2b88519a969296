package scaling

import (
	"fmt"
	"strconv"
	"strings"

	"multiscale/pkg/experiment/table"
	"multiscale/pkg/lists"
)

// measured has user time on one core of an AMD EPYC (AVX2 path), from `GOMAXPROCS=1 benchmark -case NETWORK:BATCH:SIDE` with
// batch 8 at side 64 and batch 32 at sides 16 and 8.
var measured = []Network{
	{"UNet", 2_537_187, 0.0479, 0.017},
	{"ResNet", 597_699, 0.0525, 0.015},
	{"DnCNN", 595_395, 0.0680, 0.004},
}

var (
	links   = []Link{{10, 50e-6}, {25, 20e-6}, {100, 5e-6}}
	rank    = Machine{Cores: 8}
	columns = []int{1, 4, 16, 64, 256, 1024}
	sides   = []int{64, 128, 512, 1024}
)

// The parameters of the tables.
const (
	weakBatch   = 8   // images of each rank in weak scaling
	strongBatch = 128 // images of all ranks together in strong scaling
	finestBatch = 16  // images on the finest mesh of a multiscale step; doubles from mesh to mesh
	coarser     = 3   // coarser meshes of a multiscale step
	enough      = 0.5 // efficiency
	several     = 16  // ranks
)

// Tables returns the tables of docs/scaling.md.
func Tables() string {
	var b strings.Builder
	b.WriteString("Bytes that a rank sends in a step, in MB:\n\n")
	rows := [][]string{append([]string{"network"}, lists.Of(columns[1:], func(r int) string { return fmt.Sprintf("%d ranks", r) })...)}
	for _, n := range measured {
		row := []string{n.Name}
		for _, r := range columns[1:] {
			row = append(row, table.Fixed(Bytes(n, r)/1e6, 2))
		}
		rows = append(rows, row)
	}
	b.WriteString(table.Aligned(rows, 1))
	for _, kind := range []struct {
		title string
		batch int
		of    func(Network, Machine, Link, []Term, int) float64
	}{
		{fmt.Sprintf("Weak: efficiency with a batch of %d images a rank", weakBatch), weakBatch, Weak},
		{fmt.Sprintf("Strong: efficiency with a batch of %d images in all", strongBatch), strongBatch, Strong},
	} {
		fmt.Fprintf(&b, "\n%s:\n\n", kind.title)
		b.WriteString(table.Aligned(efficiencies(kind.batch, kind.of), 3))
	}
	fmt.Fprintf(&b, "\nStages of Full-Multiscale: the largest number of ranks, a power of two up to 1024, with an efficiency of %v or more. Batches are %d on the finest of four meshes and double from mesh to mesh; a stage trains on its mesh and all coarser ones:\n\n", enough, finestBatch)
	b.WriteString(table.Aligned(stages(), 1))
	fmt.Fprintf(&b, "\nShare of communication in a step of %d ranks, in per cent. Batches are %d a rank on the finest mesh; MGE has four meshes, and batches double from mesh to mesh:\n\n", several, weakBatch)
	b.WriteString(table.Aligned(communication(), 3))
	return b.String()
}

func efficiencies(batch int, of func(Network, Machine, Link, []Term, int) float64) [][]string {
	rows := [][]string{append([]string{"network", "side", "Gbit/s"}, lists.Of(columns, strconv.Itoa)...)}
	for _, n := range measured {
		for _, side := range sides {
			for _, l := range links {
				row := []string{n.Name, fmt.Sprint(side), fmt.Sprint(l.Gigabits)}
				for _, r := range columns {
					row = append(row, table.Fixed(of(n, rank, l, []Term{{side, batch}}, r), 3))
				}
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// multiscale returns the work on the meshes of a stage. finest is the level of its finest mesh; batch is that of level 0
// and doubles from mesh to mesh.
func multiscale(side, finest, batch int) (terms []Term) {
	for level := finest; level <= coarser; level++ {
		images := batch << level
		if level > finest {
			images += batch << (level - 1) // of the next finer difference, on this mesh
		}
		terms = append(terms, Term{side >> level, images})
	}
	return terms
}

func speed(l Link) string { return fmt.Sprintf("%v Gbit/s", l.Gigabits) }

// communication is the table of the part of a step that is communication.
func communication() [][]string {
	rows := [][]string{append([]string{"network", "side", "step"}, lists.Of(links, speed)...)}
	for _, n := range measured {
		for _, side := range sides[:2] {
			for _, step := range []struct {
				name  string
				terms []Term
			}{{"single-scale", []Term{{side, weakBatch}}}, {"MGE", multiscale(side, 0, weakBatch)}} {
				row := []string{n.Name, fmt.Sprint(side), step.name}
				for _, l := range links {
					part := Communication(n, l, several) / Step(n, rank, l, grown(step.terms, several), several)
					row = append(row, table.Fixed(100*part, 1))
				}
				rows = append(rows, row)
			}
		}
	}
	return rows
}

func stages() [][]string {
	rows := [][]string{append([]string{"network", "finest mesh", "of the stage", "seconds on one rank"}, lists.Of(links, speed)...)}
	for _, n := range measured {
		for i := range 2 * (coarser + 1) {
			side, finest := []int{64, 512}[i/(coarser+1)], i%(coarser+1)
			terms := multiscale(side, finest, finestBatch)
			row := []string{n.Name, fmt.Sprint(side), fmt.Sprint(side >> finest), table.Digits(Compute(n, rank, terms, 1), 3)}
			for _, l := range links {
				row = append(row, fmt.Sprint(MaxRanks(n, rank, l, terms, enough, 1024)))
			}
			rows = append(rows, row)
		}
	}
	return rows
}
