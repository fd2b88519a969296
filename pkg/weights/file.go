// Package weights reads the weights that other programs saved, and writes them for other programs:
//
//   - safetensors files, read and written,
//   - PyTorch's checkpoints (.pth, .pt), read: zip files as torch.save writes them since 1.6, and
//     the form before that.
//
// Nothing in a file is ever executed: the package pickle reads a checkpoint's program as data. A file's
// tensors stay in the bytes of the file until they are requested, and all sizes are checked before
// anything is allocated for them.
package weights

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"multiscale/pkg/durable"
	"multiscale/pkg/weights/pickle"
)

// File is the weights that a file holds.
type File struct {
	Tensors map[string]Tensor
	// Metadata is what a safetensors file says about itself, nil for others.
	Metadata map[string]string
	// Part is the key of a checkpoint under which the tensors stand, as in "params_ema"; empty
	// where the file holds nothing else.
	Part string
}

// MaxSize is the largest file that is read, in bytes.
const MaxSize = 1<<31 - 1

// suffixes are those of the files that are read here.
var suffixes = []string{Safetensors, ".pth", ".pt", ".ckpt"}

// Safetensors is the suffix of safetensors files.
const Safetensors = ".safetensors"

// Known reports whether a path has the suffix of a file of weights.
func Known(path string) bool {
	return slices.Contains(suffixes, strings.ToLower(filepath.Ext(path)))
}

// Read reads a file of weights. Errors name it.
func Read(path string) (*File, error) {
	data, err := ReadBytes(path)
	if err != nil {
		return nil, err
	}
	f, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// ReadBytes reads a file of at most MaxSize bytes without looking into it.
func ReadBytes(path string) ([]byte, error) { return durable.ReadFile(durable.OS, path, MaxSize) }

// Decode reads weights from the bytes of a file, which it recognizes by how they begin. The result
// shares memory with data.
func Decode(data []byte) (*File, error) {
	switch {
	case len(data) == 0:
		return nil, errors.New("the file is empty")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return decodeZip(data)
	case data[0] == 0x80: // every pickle of protocol 2 and later
		return decodeLegacy(data)
	case len(data) >= 10 && data[8] == '{':
		return decodeSafetensors(data)
	case len(data) > 262 && string(data[257:262]) == "ustar":
		return nil, errors.New("it is a checkpoint of PyTorch before version 0.2 (a tar file); load it in a later PyTorch and save its state_dict again")
	}
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(data[:min(len(data), 64)], []byte("\ufeff")), " \t\r\n"))
	switch {
	case bytes.HasPrefix(text, []byte("version https://git-lfs")):
		return nil, errors.New("it is a Git LFS pointer; git lfs pull fetches the weights")
	case bytes.HasPrefix(text, []byte("<!doctype html")), bytes.HasPrefix(text, []byte("<html")):
		return nil, errors.New("it is a web page; the download went wrong")
	}
	return nil, fmt.Errorf("it is neither a safetensors file nor a PyTorch checkpoint; it begins with %s", pickle.Brief(string(data[:min(len(data), 24)])))
}

// Names returns the names of the tensors, sorted.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.Tensors)) }
