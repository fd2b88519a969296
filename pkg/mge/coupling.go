package mge

import "fmt"

// Coupling is the relation of a network's random masks (dropout) on the two meshes
// of a difference.
type Coupling uint8

// The couplings.
const (
	Independent Coupling = iota // independent masks
	Restricted                  // the coarse mesh has the masks of the fine mesh, restricted
)

var couplings = [...]string{Independent: "independent", Restricted: "restricted"}

// Couplings returns all couplings, the default first.
func Couplings() []Coupling { return []Coupling{Independent, Restricted} }

// String returns the name of c.
func (c Coupling) String() string {
	if int(c) < len(couplings) {
		return couplings[c]
	}
	return fmt.Sprintf("Coupling(%d)", uint8(c))
}
