//go:build !cgo

package runtime

import (
	"fmt"

	"multiscale/onnx"
)

// Library stands for ONNX Runtime's shared library, which a program built without cgo
// cannot load.
type Library struct{}

// Load always returns an error here: the binding needs cgo. An explicit path that is wrong is still said to be wrong.
func Load(explicit string) (*Library, error) {
	if _, err := Find(explicit); err != nil && explicit != "" {
		return nil, err
	}
	return nil, fmt.Errorf("%w: this program was built without cgo; install a C compiler, then: %s", ErrUnavailable, InstallCommand())
}

// Path is empty without cgo.
func (l *Library) Path() string { return "" }

// Version is empty without cgo.
func (l *Library) Version() string { return "" }

// Session cannot be made without cgo.
type Session struct{}

// Open returns an error without cgo.
func (l *Library) Open([]byte) (*Session, error) { return nil, ErrUnavailable }

// Run returns an error without cgo.
func (s *Session) Run(map[string]onnx.Value) (map[string]onnx.Value, error) {
	return nil, ErrUnavailable
}

// Close does nothing without cgo.
func (s *Session) Close() error { return nil }
