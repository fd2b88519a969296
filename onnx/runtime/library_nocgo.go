//go:build !cgo

package runtime

import (
	"fmt"

	"multiscale/onnx"
)

// Library replaces ONNX Runtime's shared library in a program built without cgo, which cannot
// load it.
type Library struct{}

// Load always returns an error, because the binding needs cgo.
func Load(explicit string) (*Library, error) {
	prefix := ""
	if explicit != "" {
		if _, err := Find(explicit); err != nil {
			return nil, err
		}
		prefix = explicit + " cannot be loaded: "
	}
	return nil, fmt.Errorf("%s%w: this program was built without cgo; install a C compiler, then: %s", prefix, ErrUnavailable, InstallCommand())
}

// Version is empty without cgo.
func (l *Library) Version() string { return "" }

// Session cannot be made without cgo.
type Session struct{}

// Open returns an error without cgo.
func (l *Library) Open([]byte) (*Session, error) { return nil, ErrUnavailable }

// OpenIn returns an error without cgo.
func (l *Library) OpenIn(string, []byte) (*Session, error) { return nil, ErrUnavailable }

// Run returns an error without cgo.
func (s *Session) Run(map[string]onnx.Value) (map[string]onnx.Value, error) {
	return nil, ErrUnavailable
}

// Close does nothing without cgo.
func (s *Session) Close() error { return nil }
