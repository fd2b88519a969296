//go:build !amd64 || noasm

package vector

const accelerated = false
