// Package weights exchanges weights with other programs:
//
//   - it reads and writes safetensors files;
//   - it reads PyTorch's checkpoints (.pth, .pt, .ckpt): the zip files that torch.save writes since 1.6, and the older
//     format.
//
// Nothing in a file is ever executed: the package pickle interprets a checkpoint's program as data. Tensors remain
// parts of the file's bytes until their elements are requested, and all sizes are checked before memory is allocated.
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

// File has the weights of a file.
type File struct {
	Tensors map[string]Tensor // by name
	// Metadata is the metadata of a safetensors file, nil for other files.
	Metadata map[string]string
	// Part is the key of the checkpoint's dictionary that contains the tensors, such as "params_ema". It is empty if
	// the tensors are not nested.
	Part string
}

// MaxSize is the largest file that is read, in bytes.
const MaxSize = 1<<31 - 1

// suffixes are the extensions of supported files.
var suffixes = []string{Safetensors, ".pth", ".pt", ".ckpt"}

// Safetensors is the suffix of safetensors files.
const Safetensors = ".safetensors"

// Known reports whether a path has the suffix of a supported file.
func Known(path string) bool {
	return slices.Contains(suffixes, strings.ToLower(filepath.Ext(path)))
}

// Read reads a file of weights. Errors name the file.
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

// ReadBytes reads the bytes of a file of at most MaxSize bytes, without decoding them.
func ReadBytes(path string) ([]byte, error) { return durable.ReadFile(durable.OS, path, MaxSize) }

// Decode reads weights from the bytes of a file. It recognizes the format by the first bytes. The result shares memory
// with data.
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
