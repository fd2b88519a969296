//go:build !amd64 || noasm

package lanes

func assembly(string) *Kernels { return nil }
