package export

import (
	"errors"
	"fmt"

	"multiscale/pkg/network"
	"multiscale/pkg/op"
)

// Extensions are a program's own networks and operations, which export and import know beside this
// project's. The zero value adds none.
type Extensions struct {
	Networks network.Kinds // types of networks, beside network.Standard()
	// Writers write kinds of operations as ONNX nodes of at most opset Opset.
	Writers map[string]Writer
	// CoreWriters do so in models of core operations, where Shape and ResultShape are the
	// whole shapes. Without one, a network that uses the operation has no such form.
	CoreWriters map[string]Writer
}

// networks are all kinds that are known.
func (x Extensions) networks() network.Kinds { return network.Standard().With(x.Networks) }

// ErrNoWriter says that a graph has an operation of a kind without a Writer.
var ErrNoWriter = errors.New("cannot be exported")

// writer returns how an operation is written.
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
