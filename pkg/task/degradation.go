package task

import "fmt"

// Degradation selects the meshes on which images are degraded.
type Degradation uint8

// The ways to degrade.
const (
	// DegradeFine degrades on the finest mesh and restricts the result.
	DegradeFine Degradation = iota
	// DegradeCoarse restricts the clean image and degrades it on each mesh.
	DegradeCoarse
)

var degradations = [...]string{DegradeFine: "fine", DegradeCoarse: "coarse"}

// Degradations returns all ways to degrade, the default first.
func Degradations() []Degradation { return []Degradation{DegradeFine, DegradeCoarse} }

// String returns the name of d.
func (d Degradation) String() string {
	if int(d) < len(degradations) {
		return degradations[d]
	}
	return fmt.Sprintf("Degradation(%d)", uint8(d))
}
