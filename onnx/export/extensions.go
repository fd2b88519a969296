package export

import (
	"errors"
	"fmt"

	"multiscale/pkg/network"
	"multiscale/pkg/op"
)

// Extensions are a program's own networks and operations, in addition to this project's. The zero value
// adds none.
type Extensions struct {
	Networks network.Kinds // types of networks, in addition to network.Standard()
	// Writers write kinds of operations as ONNX nodes of opsets up to Opset.
	Writers map[string]Writer
	// CoreWriters do the same for models of core operations, where Shape and ResultShape are exact. A network
	// with an operation that has no CoreWriter cannot be exported as such a model.
	CoreWriters map[string]Writer
}

// networks returns all known kinds.
func (x Extensions) networks() network.Kinds { return network.Standard().With(x.Networks) }

// ErrNoWriter is the error for an operation of a kind without a Writer.
var ErrNoWriter = errors.New("cannot be exported")

// writer returns the Writer of an operation.
func (e *Emitter) writer(o op.Operation) (Writer, error) {
	table, own, advice := writers, e.extra.Writers, ": add how it is written to Extensions.Writers"
	if e.core {
		table, own, advice = coreWriters, e.extra.CoreWriters, " as core operations"
	}
	if w := own[o.Kind()]; w != nil {
		return w, nil
	}
	if w := table[o.Kind()]; w != nil {
		return w, nil
	}
	return nil, fmt.Errorf("operation %s %w%s", o.Kind(), ErrNoWriter, advice)
}
