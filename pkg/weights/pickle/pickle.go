// Package pickle reads the subset of Python's pickle format that PyTorch uses for checkpoints.
//
// A pickle is a program for a small stack machine. In Python it can import and call any function, so loading an
// untrusted pickle runs untrusted code. Here it can only build values: the caller's Host resolves every class that the
// program names, and an unknown class is an error. Memory is bounded before it is allocated: a text is never longer
// than its bytes in the file, a program has at most MaxSteps steps, and a step makes at most one small value. The
// machine does not recurse, so nested values take no stack.
//
// It supports protocols 2 to 5. These are errors: the operations of protocols 0 and 1 that write numbers as text, INST,
// OBJ, the extension registry, and buffers outside the file.
package pickle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a pickle. A tensor of a checkpoint takes about 30 steps and 200 bytes.
const (
	MaxSize  = 1 << 24 // bytes
	MaxSteps = 1 << 21
)

// The values of a pickle are nil, bool, int64, *big.Int (beyond 64 bits), float64, string, []byte, the types
// below, and the results of the caller's functions. Values may contain each other in cycles.
type (
	// Tuple is a tuple.
	Tuple []any
	// List is a list or a set.
	List struct{ Items []any }
	// Dict is a dictionary: its entries in the order in which they were set. A key that was set twice has two
	// entries.
	Dict struct{ Entries []Entry }
	// Entry is an item of a dictionary.
	Entry struct{ Key, Value any }
	// Func is a class or function that a pickle may call.
	Func func(args Tuple) (any, error)
)

// Get returns the value of a text key, the last one if it was set several times, and whether there is one.
func (d *Dict) Get(key string) (value any, ok bool) {
	for i := len(d.Entries) - 1; i >= 0; i-- {
		if d.Entries[i].Key == key {
			return d.Entries[i].Value, true
		}
	}
	return nil, false
}

// Host resolves references of a pickle to values outside of it.
type Host struct {
	// Global returns the value of a name in a Python module, or an error. Callable values are of type Func.
	Global func(module, name string) (any, error)
	// Persistent returns the value of a persistent identifier, which the writer of the pickle stored elsewhere.
	Persistent func(id any) (any, error)
}

// Read reads the pickle at the beginning of data and returns its value and its length in bytes. Values do not share
// memory with data.
func Read(data []byte, host Host) (value any, length int, err error) {
	m := machine{data: data[:min(len(data), MaxSize)], cut: len(data) > MaxSize, host: host, memo: map[uint32]any{}}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			err = fmt.Errorf("byte %d of the pickle: %w", m.start, r.error)
		default:
			panic(r)
		}
	}()
	for range MaxSteps {
		if m.step() {
			return m.stack[0], m.at, nil
		}
	}
	return nil, 0, fmt.Errorf("the pickle has more than %d steps", MaxSteps)
}

// refusal is the panic for a pickle that cannot be read. Read recovers it and returns its error.
type refusal struct{ error }

func refuse(format string, args ...any) { must(fmt.Errorf(format, args...)) }

func must(err error) {
	if err != nil {
		panic(refusal{err})
	}
}

// machine runs a pickle. Its methods panic with a refusal if an operation is impossible.
type machine struct {
	data  []byte
	cut   bool // data is only the beginning of the input
	at    int  // index of the next byte
	start int  // index of the current step's first byte
	host  Host
	stack []any
	marks []int // heights of the stack
	memo  map[uint32]any
}

// step runs one operation. done is true after the last.
func (m *machine) step() (done bool) {
	m.start = m.at
	code := m.bytes(1)[0]
	if code == '.' {
		if len(m.stack) != 1 || len(m.marks) != 0 {
			refuse("it ends with %d values, want one", len(m.stack))
		}
		return true
	}
	run := operations[code]
	if run == nil {
		refuse("operation %q is not one that weights need", code)
	}
	run(m)
	return false
}

// bytes returns the next n bytes.
func (m *machine) bytes(n uint64) []byte {
	left := uint64(len(m.data) - m.at)
	if n > left && m.cut {
		refuse("a pickle of more than %d bytes is too long for one of weights", MaxSize)
	}
	if n > left {
		refuse("it is cut short: %d bytes are needed, %d are left", n, left)
	}
	m.at += int(n)
	return m.data[m.at-int(n) : m.at]
}

// number reads an unsigned little-endian number of width bytes.
func (m *machine) number(width uint64) uint64 {
	var all [8]byte
	copy(all[:], m.bytes(width))
	return binary.LittleEndian.Uint64(all[:])
}

// line reads a text that ends in a newline, which it drops.
func (m *machine) line() string {
	const longest = 256 // bytes of a module's or class's name
	text, _, ended := bytes.Cut(m.data[m.at:min(len(m.data), m.at+longest)], []byte{'\n'})
	if !ended {
		refuse("a name without end")
	}
	m.at += len(text) + 1
	return string(text)
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// floor is the height of the stack below which the current operation must not take values: the last mark.
func (m *machine) floor() int {
	if n := len(m.marks); n > 0 {
		return m.marks[n-1]
	}
	return 0
}

// pop removes the last n values and returns them. They are valid until the next push.
func (m *machine) pop(n int) []any {
	if len(m.stack)-n < m.floor() {
		refuse("it takes a value from an empty stack")
	}
	return m.cutStack(len(m.stack) - n)
}

// popMark removes the last mark and the values above it, and returns these values.
func (m *machine) popMark() []any {
	if len(m.marks) == 0 {
		refuse("it goes back to a mark that it never made")
	}
	h := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	return m.cutStack(h)
}

// cutStack removes the values from height h on and returns them.
func (m *machine) cutStack(h int) []any {
	top := m.stack[h:]
	m.stack = m.stack[:h]
	return top
}

// top returns the last value.
func (m *machine) top() any {
	v := m.pop(1)[0]
	m.push(v)
	return v
}

func (m *machine) memoize(index uint32) { m.memo[index] = m.top() }

func (m *machine) recall(index uint64) {
	v, ok := m.memo[uint32(index)]
	if !ok {
		refuse("it recalls value %d, which it never kept", index)
	}
	m.push(v)
}

// global pushes the host's value of a name.
func (m *machine) global(module, name string) {
	v, err := m.host.Global(module, name)
	must(err)
	m.push(v)
}

// call calls the function or class v[0] with the arguments v[1] and pushes the result.
func (m *machine) call(v []any) {
	function, ok := v[0].(Func)
	if !ok {
		refuse("it calls %s", Kind(v[0]))
	}
	tuple, ok := v[1].(Tuple)
	if !ok {
		refuse("it calls a function with %s instead of a tuple", Kind(v[1]))
	}
	result, err := function(tuple)
	must(err)
	m.push(result)
}

func (m *machine) appendTo(items []any) {
	l, ok := m.top().(*List)
	if !ok {
		refuse("it appends to %s", Kind(m.top()))
	}
	l.Items = append(l.Items, items...)
}

func (m *machine) setIn(items []any) {
	d, ok := m.top().(*Dict)
	if !ok {
		refuse("it sets items of %s", Kind(m.top()))
	}
	d.set(items)
}

// set adds entries. items are keys and values, alternating.
func (d *Dict) set(items []any) {
	if len(items)%2 != 0 {
		refuse("a key without value")
	}
	for i := 0; i < len(items); i += 2 {
		d.Entries = append(d.Entries, Entry{items[i], items[i+1]})
	}
}

// text returns a string, which must be UTF-8.
func text(b []byte) any {
	if !utf8.Valid(b) {
		refuse("a text that is not UTF-8")
	}
	return string(b)
}

// raw returns a byte string of Python 2 as a text if it is UTF-8, else as bytes.
func raw(b []byte) any {
	if utf8.Valid(b) {
		return string(b)
	}
	return octets(b)
}

func octets(b []byte) any { return append([]byte{}, b...) }

// integer reads a signed little-endian number of any width up to 256 bytes.
func integer(b []byte) any {
	const longest = 256 // bytes
	n := len(b)
	switch {
	case n == 0:
		return int64(0)
	case n > longest:
		refuse("a number of %d bytes", n)
	case n <= 8:
		var all [8]byte
		if b[n-1] >= 0x80 {
			all = [8]byte{255, 255, 255, 255, 255, 255, 255, 255}
		}
		copy(all[:], b)
		return int64(binary.LittleEndian.Uint64(all[:]))
	}
	bigEndian := slices.Clone(b)
	slices.Reverse(bigEndian)
	v := new(big.Int).SetBytes(bigEndian)
	if b[n-1] >= 0x80 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*n)))
	}
	return v
}

func float(b []byte) any { return math.Float64frombits(binary.BigEndian.Uint64(b)) }

// Kind describes a value for messages, without its elements.
func Kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int64, *big.Int:
		return "an integer"
	case float64:
		return "a number"
	case string:
		return "the text " + Brief(v)
	case []byte:
		return "bytes"
	case Tuple:
		return "a tuple"
	case *List:
		return "a list"
	case *Dict:
		return "a dictionary"
	case Func:
		return "a class or function"
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprintf("a value of type %T", v)
}

// Brief prepares a text from a file for a message: it shortens a long one, and quotes it unless it consists of
// printable ASCII characters without spaces and double quotes.
func Brief(s string) string {
	const longest = 100 // bytes
	suffix := ""
	if len(s) > longest {
		s, suffix = strings.ToValidUTF8(s[:longest], ""), "..."
	}
	plain := s != "" && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' }) < 0
	if !plain {
		s = strconv.QuoteToASCII(s)
	}
	return s + suffix
}
