//go:build amd64 && !noasm

package vector

import "multiscale/pkg/kernel"

// accelerated says whether the assembly is used.
var accelerated = kernel.Path() != kernel.Portable
