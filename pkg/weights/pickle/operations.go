package pickle

// operations are the supported operations, by code.
var operations = [256]func(*machine){
	0x80: func(m *machine) { // PROTO
		if version := m.number(1); version < 2 || version > 5 {
			refuse("protocol %d of pickle is not read, 2 to 5 are", version)
		}
	},
	0x95: func(m *machine) { // FRAME has the size in bytes of the block of operations that follows
		size := m.number(8)
		if left := len(m.data) - m.at; !m.cut && size > uint64(left) {
			refuse("it is cut short: %d bytes are needed, %d are left", size, left)
		}
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

	'(': func(m *machine) { m.marks = append(m.marks, len(m.stack)) }, // MARK
	'0': func(m *machine) { // POP removes the mark if no value is above it
		if n := len(m.marks); n > 0 && len(m.stack) == m.marks[n-1] {
			m.marks = m.marks[:n-1]
		} else {
			m.pop(1)
		}
	},
	'1': func(m *machine) { m.popMark() },     // POP_MARK
	'2': func(m *machine) { m.push(m.top()) }, // DUP

	')':  func(m *machine) { m.push(Tuple{}) },
	0x85: tuple(1),
	0x86: tuple(2),
	0x87: tuple(3),
	't':  func(m *machine) { m.push(append(Tuple{}, m.popMark()...)) },
	']':  empty,
	'l':  list,
	'a':  func(m *machine) { m.appendTo(m.pop(1)) },    // APPEND
	'e':  func(m *machine) { m.appendTo(m.popMark()) }, // APPENDS
	0x8f: empty,                                        // EMPTY_SET
	0x90: func(m *machine) { m.appendTo(m.popMark()) }, // ADDITEMS
	0x91: list,                                         // FROZENSET
	'}':  func(m *machine) { m.push(&Dict{}) },
	'd': func(m *machine) {
		d := &Dict{}
		d.set(m.popMark())
		m.push(d)
	},
	's': func(m *machine) { m.setIn(m.pop(2)) },    // SETITEM
	'u': func(m *machine) { m.setIn(m.popMark()) }, // SETITEMS

	'c': func(m *machine) { m.global(m.line(), m.line()) }, // GLOBAL
	0x93: func(m *machine) { // STACK_GLOBAL
		names := m.pop(2)
		module, ok1 := names[0].(string)
		name, ok2 := names[1].(string)
		if !ok1 || !ok2 {
			refuse("a class is named by %s and %s", Kind(names[0]), Kind(names[1]))
		}
		m.global(module, name)
	},
	'R':  func(m *machine) { m.call(m.pop(2)) },    // REDUCE
	0x81: func(m *machine) { m.call(m.pop(2)) },    // NEWOBJ
	0x92: func(m *machine) { m.call(m.pop(3)) },    // NEWOBJ_EX: the third value, named arguments, is ignored
	'b':  func(m *machine) { m.push(m.pop(2)[0]) }, // BUILD sets attributes, which weights do not need
	'Q': func(m *machine) { // BINPERSID
		v, err := m.host.Persistent(m.pop(1)[0])
		must(err)
		m.push(v)
	},

	'q':  func(m *machine) { m.memoize(uint32(m.number(1))) }, // BINPUT
	'r':  func(m *machine) { m.memoize(uint32(m.number(4))) },
	0x94: func(m *machine) { m.memoize(uint32(len(m.memo))) }, // MEMOIZE
	'h':  func(m *machine) { m.recall(m.number(1)) },          // BINGET
	'j':  func(m *machine) { m.recall(m.number(4)) },
}

func constant(v any) func(*machine) { return func(m *machine) { m.push(v) } }

// fixed pushes a value of width bytes.
func fixed(width uint64, parse func([]byte) any) func(*machine) {
	return func(m *machine) { m.push(parse(m.bytes(width))) }
}

// counted pushes a value that is preceded by its length, a number of width bytes.
func counted(width uint64, parse func([]byte) any) func(*machine) {
	return func(m *machine) { m.push(parse(m.bytes(m.number(width)))) }
}

// unsigned reads one or two bytes.
func unsigned(b []byte) any {
	v := int64(0)
	for i, d := range b {
		v |= int64(d) << (8 * i)
	}
	return v
}

// tuple replaces the last n values by a tuple of them.
func tuple(n int) func(*machine) {
	return func(m *machine) { m.push(append(Tuple{}, m.pop(n)...)) }
}

func empty(m *machine) { m.push(&List{}) }

// list replaces the values above the mark by a list of them.
func list(m *machine) { m.push(&List{append([]any{}, m.popMark()...)}) }
