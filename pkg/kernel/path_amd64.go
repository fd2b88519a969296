//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// supported lists the paths of this machine, the best last.
func supported() []string {
	paths := []string{Portable}
	x := cpu.X86
	if x.HasAVX2 && x.HasFMA {
		paths = append(paths, AVX2)
		if x.HasAVX512F && x.HasAVX512VL && x.HasAVX512DQ && x.HasAVX512BW {
			paths = append(paths, AVX512)
		}
	}
	return paths
}
