//go:build !(amd64 || arm64) || noasm

package lanes

import "multiscale/pkg/kernel"

func byPath() map[string]*Kernels { return map[string]*Kernels{kernel.Portable: &portable} }
