package onnx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"multiscale/pkg/durable"
)

// ReadFile reads a valid model from a file, including weights in other files of its folder.
// Errors name the file.
func ReadFile(path string) (*Model, error) {
	data, err := ReadBytes(path)
	if err != nil {
		return nil, err
	}
	m, err := Inspect(data)
	if err == nil {
		err = m.LoadExternal(filepath.Dir(path))
	}
	if err == nil {
		err = m.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s", path, brief(err))
	}
	return m, nil
}

// LoadExternal reads the weights that are in other files of the model's folder. It refuses a path that leaves the
// folder, directly or through a link.
func (m *Model) LoadExternal(folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	unread := map[string]int64{} // bytes left of each file: all its weights together must not be larger
	for _, t := range m.Graph.Initializers {
		if t.External == nil {
			continue
		}
		if err := t.load(root, unread); err != nil {
			return fmt.Errorf("tensor %q, whose data are in %q: %w", t.Name, t.External.Location, err)
		}
		t.External = nil
	}
	return nil
}

// load reads the tensor's data from another file below root. unread has the bytes left of each file.
func (t *Tensor) load(root *os.Root, unread map[string]int64) error {
	n, err := elements(t.Dims)
	if err != nil {
		return err
	}
	e, bytes := t.External, n*int64(t.Type.Size())
	if e.Length != 0 && e.Length != bytes {
		return fmt.Errorf("dims %v of %v need %d bytes, not %d", t.Dims, t.Type, bytes, e.Length)
	}
	name := filepath.Clean(filepath.FromSlash(e.Location))
	info, err := root.Stat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size()-e.Offset < bytes {
		return fmt.Errorf("the file has %d bytes, %d from %d on are needed", info.Size(), bytes, e.Offset)
	}
	if _, seen := unread[name]; !seen {
		unread[name] = info.Size()
	}
	if unread[name] -= bytes; unread[name] < 0 {
		return errors.New("weights claim more bytes than the file has")
	}
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	t.Raw = make([]byte, bytes)
	_, err = f.ReadAt(t.Raw, e.Offset)
	return err
}

// ReadBytes reads the bytes of a model file without decoding them. It returns an error if the
// file is larger than a model can be.
func ReadBytes(path string) ([]byte, error) {
	return durable.ReadFile(durable.OS, path, maxBytes)
}

// WriteFile writes the model to path, completely or not at all. Equal models give equal files.
func (m *Model) WriteFile(path string) error {
	data, err := m.Encode()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return durable.WriteFile(durable.OS, path, durable.Content(data))
}
