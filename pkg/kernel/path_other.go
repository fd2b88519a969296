//go:build !amd64 || noasm

package kernel

func bestPath() string { return Portable }
