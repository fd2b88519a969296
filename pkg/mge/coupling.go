package mge

import "fmt"

// Coupling says how the random masks of a network (dropout) on the two meshes of a
// difference go together.
type Coupling uint8

// The couplings.
const (
	Independent Coupling = iota // masks of their own
	Restricted                  // the coarse mesh has the fine one's masks, restricted
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
