//go:build !(amd64 || arm64) || noasm

package kernel

// supported lists the paths of this machine, the best last.
func supported() []string { return []string{Portable} }
