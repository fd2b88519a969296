//go:build !linux

package ranks

// allowed returns nil: the logical processors on which the process may run are unknown.
func allowed() []int { return nil }

func coreOf(cpu int) int { return cpu }
