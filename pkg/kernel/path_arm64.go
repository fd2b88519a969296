//go:build arm64 && !noasm

package kernel

// supported lists the paths of this machine, the best last. Every arm64 has NEON.
func supported() []string { return []string{Portable, NEON} }
