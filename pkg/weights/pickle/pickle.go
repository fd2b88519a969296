// Package pickle reads the part of Python's pickle format in which PyTorch writes checkpoints, as data.
//
// A pickle is a program for a small stack machine. In Python it can import any function and
// call it, which is why opening a strange one there runs strange code. Here it builds values and nothing
// else: every class it names is looked up in a table that the caller gives, and what is not in the
// table is an error. Memory is bounded before it is allocated: a text is never longer than the
// bytes that hold it, a program has at most MaxSteps steps, and a step makes at most one small value. The
// machine does not recurse, so nesting costs no stack.
//
// Protocols 2 to 5 are read. The operations of protocols 0 and 1 that write numbers as text, INST, OBJ,
// the extension registry and buffers outside the file are refused.
package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a pickle. A tensor of a checkpoint takes some 30 steps and 200 bytes.
const (
	MaxSize  = 1 << 24 // bytes
	MaxSteps = 1 << 21
)

// The values of a pickle are nil, bool, int64, *big.Int (beyond 64 bits), float64, string, []byte, the types
// below, and what the caller's functions return. Values may contain each other in circles.
type (
	// Tuple is a tuple.
	Tuple []any
	// List is a list or a set.
	List struct{ Items []any }
	// Dict is a dictionary: keys and values in the order in which they were set, a key set
	// twice twice.
	Dict struct{ Entries []Entry }
	// Entry is an item of a dictionary.
	Entry struct{ Key, Value any }
	// Func is a class or function that a pickle may call.
	Func func(args Tuple) (any, error)
)

// Get returns the value of a key that is a text.
func (d *Dict) Get(key string) (value any, ok bool) {
	for i := len(d.Entries) - 1; i >= 0; i-- {
		if d.Entries[i].Key == key {
			return d.Entries[i].Value, true
		}
	}
	return nil, false
}

// Host is what a pickle may use of the world outside.
type Host struct {
	// Global returns the value of a name of a Python module; a Func if it can be called.
	Global func(module, name string) (any, error)
	// Persistent returns the value that the program which wrote the pickle keeps elsewhere.
	Persistent func(id any) (any, error)
}

// Read reads the pickle that data begins with and returns its value and its length.
// Values do not share memory with data.
func Read(data []byte, host Host) (value any, length int, err error) {
	m := machine{data: data[:min(len(data), MaxSize)], cut: len(data) > MaxSize, host: host, memo: map[uint32]any{}}
	for range MaxSteps {
		done, err := m.step()
		switch {
		case err != nil:
			return nil, 0, fmt.Errorf("byte %d of the pickle: %w", m.start, err)
		case done:
			return m.stack[0], m.at, nil
		}
	}
	return nil, 0, fmt.Errorf("the pickle has more than %d steps", MaxSteps)
}

// machine is a pickle being run.
type machine struct {
	data  []byte
	cut   bool // data is only the beginning
	at    int  // the next byte
	start int  // of the present step
	host  Host
	stack []any
	marks []int // heights of the stack
	memo  map[uint32]any
}

var errEmpty = errors.New("it takes a value from an empty stack")

// step runs one operation; done after the last.
func (m *machine) step() (done bool, err error) {
	m.start = m.at
	code, err := m.bytes(1)
	if err != nil {
		return false, err
	}
	if code[0] == '.' {
		if len(m.stack) != 1 || len(m.marks) != 0 {
			return false, fmt.Errorf("it ends with %d values, want one", len(m.stack))
		}
		return true, nil
	}
	run := operations[code[0]]
	if run == nil {
		return false, fmt.Errorf("operation %q is not one that weights need", code[0])
	}
	return false, run(m)
}

// bytes returns the next n bytes.
func (m *machine) bytes(n uint64) ([]byte, error) {
	left := uint64(len(m.data) - m.at)
	switch {
	case n <= left:
		m.at += int(n)
		return m.data[m.at-int(n) : m.at], nil
	case m.cut:
		return nil, fmt.Errorf("a pickle of more than %d bytes is too long for one of weights", MaxSize)
	}
	return nil, fmt.Errorf("it is cut short: %d bytes are needed, %d are left", n, left)
}

// number reads an unsigned little-endian number of a width in bytes.
func (m *machine) number(width uint64) (uint64, error) {
	b, err := m.bytes(width)
	if err != nil {
		return 0, err
	}
	var all [8]byte
	copy(all[:], b)
	return binary.LittleEndian.Uint64(all[:]), nil
}

// counted reads bytes after their number.
func (m *machine) counted(width uint64) ([]byte, error) {
	n, err := m.number(width)
	if err != nil {
		return nil, err
	}
	return m.bytes(n)
}

// line reads up to a newline.
func (m *machine) line() (string, error) {
	const longest = 256 // bytes of a module's or class's name
	for i, b := range m.data[m.at:min(len(m.data), m.at+longest)] {
		if b == '\n' {
			s := string(m.data[m.at : m.at+i])
			m.at += i + 1
			return s, nil
		}
	}
	return "", errors.New("a name without end")
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// floor is the height of the stack that the present operation must not go below.
func (m *machine) floor() int {
	if n := len(m.marks); n > 0 {
		return m.marks[n-1]
	}
	return 0
}

// pop takes n values from the stack; they are valid until the next push.
func (m *machine) pop(n int) ([]any, error) {
	h := len(m.stack) - n
	if h < m.floor() {
		return nil, errEmpty
	}
	top := m.stack[h:]
	m.stack = m.stack[:h]
	return top, nil
}

// popMark takes the values above the last mark.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, errors.New("it goes back to a mark that it never made")
	}
	h := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	top := m.stack[h:]
	m.stack = m.stack[:h]
	return top, nil
}

// top is the last value.
func (m *machine) top() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, errEmpty
	}
	return m.stack[len(m.stack)-1], nil
}

func (m *machine) memoize(index uint32) error {
	v, err := m.top()
	m.memo[index] = v
	return err
}

func (m *machine) recall(width uint64) error {
	n, err := m.number(width)
	if err != nil {
		return err
	}
	v, ok := m.memo[uint32(n)]
	if !ok {
		return fmt.Errorf("it recalls value %d, which it never kept", n)
	}
	m.push(v)
	return nil
}

// global pushes what the host has under a name.
func (m *machine) global(module, name string) error {
	v, err := m.host.Global(module, name)
	if err == nil {
		m.push(v)
	}
	return err
}

// call pushes the result of a function or class.
func (m *machine) call(f, args any) error {
	function, ok := f.(Func)
	if !ok {
		return fmt.Errorf("it calls %s", Kind(f))
	}
	tuple, ok := args.(Tuple)
	if !ok {
		return fmt.Errorf("it calls a function with %s instead of a tuple", Kind(args))
	}
	v, err := function(tuple)
	if err == nil {
		m.push(v)
	}
	return err
}

func (m *machine) appendTo(items []any) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	l, ok := v.(*List)
	if !ok {
		return fmt.Errorf("it appends to %s", Kind(v))
	}
	l.Items = append(l.Items, items...)
	return nil
}

func (m *machine) setIn(items []any) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	d, ok := v.(*Dict)
	if !ok {
		return fmt.Errorf("it sets items of %s", Kind(v))
	}
	return d.set(items)
}

// set adds keys and values, in turn.
func (d *Dict) set(items []any) error {
	if len(items)%2 != 0 {
		return errors.New("a key without value")
	}
	for i := 0; i < len(items); i += 2 {
		d.Entries = append(d.Entries, Entry{items[i], items[i+1]})
	}
	return nil
}

// text checks what should be UTF-8.
func text(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("a text that is not UTF-8")
	}
	return string(b), nil
}

// raw is a byte string of Python 2: a text where it can be one.
func raw(b []byte) (any, error) {
	if v, err := text(b); err == nil {
		return v, nil
	}
	return octets(b)
}

func octets(b []byte) (any, error) { return append([]byte{}, b...), nil }

// integer reads a signed little-endian number of any width.
func integer(b []byte) (any, error) {
	const longest = 256 // bytes
	switch n := len(b); {
	case n == 0:
		return int64(0), nil
	case n > longest:
		return nil, fmt.Errorf("a number of %d bytes", n)
	case n <= 8:
		var all [8]byte
		if b[n-1] >= 0x80 {
			all = [8]byte{255, 255, 255, 255, 255, 255, 255, 255}
		}
		copy(all[:], b)
		return int64(binary.LittleEndian.Uint64(all[:])), nil
	default:
		bigEndian := slices.Clone(b)
		slices.Reverse(bigEndian)
		v := new(big.Int).SetBytes(bigEndian)
		if b[n-1] >= 0x80 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*n)))
		}
		return v, nil
	}
}

func float(b []byte) (any, error) { return math.Float64frombits(binary.BigEndian.Uint64(b)), nil }

// Kind names the kind of a value, for messages. It does not look into the value.
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

// Brief is a text of a file for a message: short, on one line, and in quotes where it
// is not made of the characters of a plain name.
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
