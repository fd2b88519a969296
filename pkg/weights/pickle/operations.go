package pickle

import "fmt"

// operations are the operations that are run, by code.
var operations = [256]func(*machine) error{
	0x80: func(m *machine) error { // PROTO
		version, err := m.number(1)
		if err == nil && (version < 2 || version > 5) {
			return fmt.Errorf("protocol %d of pickle is not read, 2 to 5 are", version)
		}
		return err
	},
	0x95: func(m *machine) error { // FRAME: the operations that follow stand in a block of this size
		size, err := m.number(8)
		if left := len(m.data) - m.at; err == nil && !m.cut && size > uint64(left) {
			return fmt.Errorf("it is cut short: %d bytes are needed, %d are left", size, left)
		}
		return err
	},

	'N':  constant(nil),
	0x88: constant(true),
	0x89: constant(false),
	'J':  fixed(4, integer), // BININT
	'K':  fixed(1, unsigned),
	'M':  fixed(2, unsigned),
	0x8a: counted(1, integer), // LONG1
	0x8b: counted(4, integer), // LONG4
	'G':  fixed(8, float),     // BINFLOAT

	'X':  counted(4, text), // BINUNICODE
	0x8c: counted(1, text),
	0x8d: counted(8, text),
	'U':  counted(1, raw), // SHORT_BINSTRING
	'T':  counted(4, raw), // BINSTRING
	'B':  counted(4, octets),
	'C':  counted(1, octets),
	0x8e: counted(8, octets),
	0x96: counted(8, octets), // BYTEARRAY8

	'(': func(m *machine) error { // MARK
		m.marks = append(m.marks, len(m.stack))
		return nil
	},
	'0': func(m *machine) error { // POP takes a mark where there is nothing above it
		if n := len(m.marks); n > 0 && len(m.stack) == m.marks[n-1] {
			m.marks = m.marks[:n-1]
			return nil
		}
		_, err := m.pop(1)
		return err
	},
	'1': func(m *machine) error { // POP_MARK
		_, err := m.popMark()
		return err
	},
	'2': func(m *machine) error { // DUP
		v, err := m.top()
		if err == nil {
			m.push(v)
		}
		return err
	},

	')':  func(m *machine) error { m.push(Tuple{}); return nil },
	0x85: tuple(1),
	0x86: tuple(2),
	0x87: tuple(3),
	't':  collect(func(items []any) (any, error) { return append(Tuple{}, items...), nil }),
	']':  func(m *machine) error { m.push(&List{}); return nil },
	'l':  collect(list),
	'a':  func(m *machine) error { return m.each(1, m.appendTo) }, // APPEND
	'e':  func(m *machine) error { return m.marked(m.appendTo) },  // APPENDS
	0x8f: func(m *machine) error { m.push(&List{}); return nil },  // EMPTY_SET
	0x90: func(m *machine) error { return m.marked(m.appendTo) },  // ADDITEMS
	0x91: collect(list),                                           // FROZENSET
	'}':  func(m *machine) error { m.push(&Dict{}); return nil },
	'd': collect(func(items []any) (any, error) {
		d := &Dict{}
		return d, d.set(items)
	}),
	's': func(m *machine) error { return m.each(2, m.setIn) }, // SETITEM
	'u': func(m *machine) error { return m.marked(m.setIn) },  // SETITEMS

	'c': func(m *machine) error { // GLOBAL
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		if err != nil {
			return err
		}
		return m.global(module, name)
	},
	0x93: func(m *machine) error { // STACK_GLOBAL
		names, err := m.pop(2)
		if err != nil {
			return err
		}
		module, ok1 := names[0].(string)
		name, ok2 := names[1].(string)
		if !ok1 || !ok2 {
			return fmt.Errorf("a class is named by %s and %s", Kind(names[0]), Kind(names[1]))
		}
		return m.global(module, name)
	},
	'R':  reduce,
	0x81: reduce, // NEWOBJ
	0x92: func(m *machine) error { // NEWOBJ_EX: the last are named arguments
		v, err := m.pop(3)
		if err != nil {
			return err
		}
		return m.call(v[0], v[1])
	},
	'b': func(m *machine) error { // BUILD sets attributes; weights need none
		v, err := m.pop(2)
		if err == nil {
			m.push(v[0])
		}
		return err
	},
	'Q': func(m *machine) error { // BINPERSID
		id, err := m.pop(1)
		if err != nil {
			return err
		}
		v, err := m.host.Persistent(id[0])
		if err == nil {
			m.push(v)
		}
		return err
	},

	'q':  func(m *machine) error { return m.put(1) }, // BINPUT
	'r':  func(m *machine) error { return m.put(4) },
	0x94: func(m *machine) error { return m.memoize(uint32(len(m.memo))) }, // MEMOIZE
	'h':  func(m *machine) error { return m.recall(1) },                    // BINGET
	'j':  func(m *machine) error { return m.recall(4) },
}

func constant(v any) func(*machine) error {
	return func(m *machine) error { m.push(v); return nil }
}

// fixed pushes a value of a width in bytes.
func fixed(width uint64, parse func([]byte) (any, error)) func(*machine) error {
	return func(m *machine) error {
		b, err := m.bytes(width)
		if err != nil {
			return err
		}
		return m.parsed(parse, b)
	}
}

// counted pushes a value that follows its length, a number of a width in bytes.
func counted(width uint64, parse func([]byte) (any, error)) func(*machine) error {
	return func(m *machine) error {
		b, err := m.counted(width)
		if err != nil {
			return err
		}
		return m.parsed(parse, b)
	}
}

func (m *machine) parsed(parse func([]byte) (any, error), b []byte) error {
	v, err := parse(b)
	if err == nil {
		m.push(v)
	}
	return err
}

// unsigned reads one or two bytes.
func unsigned(b []byte) (any, error) {
	v := int64(0)
	for i, d := range b {
		v |= int64(d) << (8 * i)
	}
	return v, nil
}

// tuple makes one of the last n values.
func tuple(n int) func(*machine) error {
	return func(m *machine) error {
		v, err := m.pop(n)
		if err == nil {
			m.push(append(Tuple{}, v...))
		}
		return err
	}
}

func list(items []any) (any, error) { return &List{append([]any{}, items...)}, nil }

// collect makes one value of those above the mark.
func collect(make func(items []any) (any, error)) func(*machine) error {
	return func(m *machine) error {
		items, err := m.popMark()
		if err != nil {
			return err
		}
		v, err := make(items)
		if err == nil {
			m.push(v)
		}
		return err
	}
}

// each hands on the last n values, marked those above the mark.
func (m *machine) each(n int, use func([]any) error) error {
	items, err := m.pop(n)
	if err != nil {
		return err
	}
	return use(items)
}

func (m *machine) marked(use func([]any) error) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	return use(items)
}

func reduce(m *machine) error {
	v, err := m.pop(2)
	if err != nil {
		return err
	}
	return m.call(v[0], v[1])
}

func (m *machine) put(width uint64) error {
	n, err := m.number(width)
	if err != nil {
		return err
	}
	return m.memoize(uint32(n))
}
