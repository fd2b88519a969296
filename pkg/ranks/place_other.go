//go:build !linux

package ranks

// allowed are the logical processors that the process may run on: the system does not tell.
func allowed() []int { return nil }

func coreOf(cpu int) int { return cpu }
