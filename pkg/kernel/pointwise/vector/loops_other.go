//go:build !(amd64 || arm64) || noasm

package vector

import "multiscale/pkg/kernel"

func byPath() map[string]*loops { return map[string]*loops{kernel.Portable: &portable} }
