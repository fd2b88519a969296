package weights

import (
	"errors"
	"fmt"
	"slices"

	"multiscale/pkg/weights/pickle"
)

// storage is a block of elements outside of the pickle. Tensors are views of it.
type storage struct {
	key     string // name of the block in the checkpoint
	element Element
	count   int // number of elements
	from    int // first element within the block; other than 0 only in the format without zip
}

func (*storage) String() string { return "a storage" }

// view describes a tensor of a checkpoint before the bytes of its storage are known.
type view struct {
	storage        *storage
	element        Element
	offset         int
	shape, strides pickle.Tuple
}

func (*view) String() string { return "a tensor" }

// standIn replaces a value that weights do not need.
type standIn struct{ class string }

func (s standIn) String() string { return "a value of class " + s.class }

// dtype is a value like torch.float32.
type dtype Element

func (d dtype) String() string { return "the dtype " + Element(d).String() }

// storageClass is a class of storages, such as torch.FloatStorage.
type storageClass Element

func (storageClass) String() string { return "a class of storages" }

// classes are the storage classes, dtypes and functions that a checkpoint may name, by "module.name".
var classes = classTable()

func classTable() map[string]any {
	classes := map[string]any{}
	for e := range Element(len(elements)) {
		classes["torch."+torchName(e)] = dtype(e)
		if name := storageName(e); name != "" {
			classes["torch."+name] = storageClass(e)
			classes["torch.cuda."+name] = storageClass(e)
		}
	}
	for _, name := range []string{"torch.UntypedStorage", "torch.storage.UntypedStorage"} {
		classes[name] = storageClass(Uint8) // bytes; the tensors have the element type
	}
	for name, f := range map[string]pickle.Func{
		"torch._utils._rebuild_tensor":               rebuildTensor,
		"torch._utils._rebuild_tensor_v2":            rebuildTensor,
		"torch._utils._rebuild_tensor_v3":            rebuildTyped,
		"torch._utils._rebuild_parameter":            first,
		"torch._utils._rebuild_parameter_with_state": first,
		"torch._tensor._rebuild_from_type_v2":        rebuildSubclass,
		"torch.Size":                                 first,
		"collections.OrderedDict":                    dictionary,
		"collections.Counter":                        dictionary,
		"collections.defaultdict":                    dictionary,
		"builtins.dict":                              dictionary,
		"__builtin__.dict":                           dictionary,
	} {
		classes[name] = f
	}
	// Checkpoints have other values beside weights: settings, counters, states of schedules.
	for _, name := range []string{
		"torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer", "torch.device", "torch.Generator",
		"argparse.Namespace", "types.SimpleNamespace", "_codecs.encode", "datetime.datetime", "datetime.timedelta",
		"pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath",
		"torch.torch_version.TorchVersion", "copy_reg._reconstructor", "copyreg._reconstructor", "numpy.dtype", "numpy.ndarray",
		"numpy.core.multiarray.scalar", "numpy.core.multiarray._reconstruct", "numpy.core.numeric._frombuffer",
		"numpy._core.multiarray.scalar", "numpy._core.multiarray._reconstruct", "numpy._core.numeric._frombuffer",
	} {
		classes[name] = standInFor(name)
	}
	for _, name := range []string{
		"bool", "bytearray", "bytes", "complex", "float", "frozenset", "int", "list", "object", "range", "set", "slice", "str", "tuple",
	} {
		classes["builtins."+name] = standInFor(name)
		classes["__builtin__."+name] = standInFor(name) // in protocol 2, torch.save's default
	}
	// PyTorch Lightning's dictionary of settings.
	for _, module := range []string{"pytorch_lightning.utilities.parsing", "lightning_fabric.utilities.data", "lightning.fabric.utilities.data"} {
		classes[module+".AttributeDict"] = pickle.Func(dictionary)
	}
	classes["collections.deque"] = pickle.Func(func(pickle.Tuple) (any, error) { return &pickle.List{}, nil })
	return classes
}

func standInFor(class string) pickle.Func {
	return func(pickle.Tuple) (any, error) { return standIn{class}, nil }
}

// global looks up a class; it is the Global of a pickle.Host.
func global(module, name string) (any, error) {
	if v, ok := classes[module+"."+name]; ok {
		return v, nil
	}
	return nil, fmt.Errorf("it asks for %s, which weights do not need (nothing of it was run); "+
		"save the weights alone, with torch.save(model.state_dict(), FILE)", pickle.Brief(module+"."+name))
}

// dictionary makes an empty dictionary, whose items the pickle sets afterwards. Initial items, which only Python 2
// writes, are an error, because each call would have to copy them.
func dictionary(args pickle.Tuple) (any, error) {
	for _, a := range args {
		switch a := a.(type) {
		case *pickle.List:
			if len(a.Items) > 0 {
				return nil, errors.New("a dictionary in the form of Python 2; save the weights again in Python 3")
			}
		case *pickle.Dict:
			return a, nil // a Counter is made of a dictionary of counts
		}
	}
	return &pickle.Dict{}, nil
}

// first returns the first argument. Parameters and sizes are represented by it.
func first(args pickle.Tuple) (any, error) {
	if len(args) == 0 {
		return nil, errors.New("a function without arguments")
	}
	return args[0], nil
}

// rebuildTensor implements _rebuild_tensor(storage, offset, shape, strides, ...) and _rebuild_tensor_v2.
func rebuildTensor(args pickle.Tuple) (any, error) {
	if len(args) < 4 {
		return nil, errors.New("a tensor without shape")
	}
	s, ok1 := args[0].(*storage)
	offset, ok2 := args[1].(int64)
	shape, ok3 := args[2].(pickle.Tuple)
	strides, ok4 := args[3].(pickle.Tuple)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil, fmt.Errorf("a tensor is made from %s, %s, %s and %s", pickle.Kind(args[0]), pickle.Kind(args[1]), pickle.Kind(args[2]), pickle.Kind(args[3]))
	}
	for _, a := range args[4:] {
		if marks, ok := a.(*pickle.Dict); ok {
			if negative, _ := marks.Get("neg"); negative == true {
				return nil, errors.New("a tensor's values stand for their negatives (a lazy negation); save tensor.resolve_neg()")
			}
		}
	}
	return &view{s, s.element, int(offset), shape, strides}, nil
}

// rebuildTyped implements _rebuild_tensor_v3(storage, offset, shape, strides, requires_grad, hooks, dtype, ...), whose
// storage has no element type.
func rebuildTyped(args pickle.Tuple) (any, error) {
	t, err := rebuildTensor(args)
	if err != nil {
		return nil, err
	}
	if len(args) < 7 {
		return nil, errors.New("a tensor without dtype")
	}
	d, ok := args[6].(dtype)
	if !ok {
		return nil, fmt.Errorf("the dtype of a tensor is %s", pickle.Kind(args[6]))
	}
	v := t.(*view)
	v.element = Element(d)
	return v, nil
}

// rebuildSubclass implements _rebuild_from_type_v2(function, class, arguments, state), which makes a tensor with
// attributes. The attributes are ignored.
func rebuildSubclass(args pickle.Tuple) (any, error) {
	if len(args) < 3 {
		return nil, errors.New("a tensor without arguments")
	}
	function, ok1 := args[0].(pickle.Func)
	inner, ok2 := args[2].(pickle.Tuple)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("a tensor is made by %s from %s", pickle.Kind(args[0]), pickle.Kind(args[2]))
	}
	if len(inner) > 0 {
		if _, again := inner[0].(pickle.Func); again {
			return nil, errors.New("a tensor is made by a function of a function")
		}
	}
	return function(inner)
}

// storages collects the storages of a checkpoint.
type storages struct {
	byKey map[string]*storage // whole blocks of the file
}

// persistent returns the storage for an identifier ("storage", class, key, location, count). In the format without zip
// there is a sixth element: None or, if the storage is only a part of the block, that part (key, first element, count).
func (s *storages) persistent(id any) (any, error) {
	t, _ := id.(pickle.Tuple)
	if len(t) < 5 || t[0] != "storage" {
		return nil, fmt.Errorf("it refers to %s, want a storage", pickle.Kind(id))
	}
	class, ok1 := t[1].(storageClass)
	key, ok2 := t[2].(string)
	n, ok3 := t[4].(int64)
	if !ok1 || !ok2 || !ok3 || n < 0 || n > MaxSize {
		return nil, errors.New("a storage has no class, key or size")
	}
	whole := s.byKey[key]
	if whole == nil {
		whole = &storage{key: key, element: Element(class), count: int(n)}
		s.byKey[key] = whole
	}
	if whole.element != Element(class) || whole.count != int(n) {
		return nil, fmt.Errorf("the storage %s is described in two ways", pickle.Brief(key))
	}
	if len(t) < 6 || t[5] == nil {
		return whole, nil
	}
	part, _ := t[5].(pickle.Tuple)
	if len(part) != 3 {
		return nil, fmt.Errorf("a part of a storage is %s", pickle.Kind(t[5]))
	}
	from, ok1 := part[1].(int64)
	size, ok2 := part[2].(int64)
	if !ok1 || !ok2 || from < 0 || size < 0 || from > n || size > n-from {
		return nil, fmt.Errorf("a part of the storage %s reaches beyond it", pickle.Brief(key))
	}
	v := *whole
	v.from, v.count = int(from), int(size)
	return &v, nil
}

// tensor converts a view to a tensor. block has the bytes of the storage's block.
func (v *view) tensor(block []byte, bigEndian bool) (Tensor, error) {
	t := Tensor{Element: v.element, offset: v.offset, bigEndian: bigEndian}
	var err error
	if t.Shape, err = integers(v.shape); err != nil {
		return t, err
	}
	if t.strides, err = integers(v.strides); err != nil {
		return t, err
	}
	size := v.storage.element.Size()
	if all := len(block) / size; v.storage.from > all || v.storage.count > all-v.storage.from {
		return t, fmt.Errorf("it is cut short: its storage has %d bytes, want %d elements of %d", len(block), v.storage.count, size)
	}
	t.data = block[v.storage.from*size : (v.storage.from+v.storage.count)*size]
	return t, nil
}

func integers(t pickle.Tuple) ([]int, error) {
	if len(t) > maxRank {
		return nil, fmt.Errorf("%d dimensions, at most %d are read", len(t), maxRank)
	}
	values := make([]int, len(t))
	for i, v := range t {
		n, ok := v.(int64)
		if !ok {
			return nil, fmt.Errorf("a side or stride is %s", pickle.Kind(v))
		}
		values[i] = int(n)
	}
	return values, nil
}

// preferred are the keys of the weights in common checkpoints, in order of preference: averaged weights come before the
// last ones.
var preferred = []string{"params_ema", "model_ema", "state_dict_ema", "ema_state_dict", "ema", "params", "state_dict", "model_state_dict", "model", "net"}

// find returns the dictionary of tensors in a checkpoint, and its key if it is nested in another dictionary.
func find(value any) (tensors *pickle.Dict, key string, err error) {
	known := map[*pickle.Dict]bool{} // a checkpoint may refer to a dictionary many times
	holdsTensors := func(v any) bool {
		d, ok := v.(*pickle.Dict)
		if _, seen := known[d]; ok && !seen {
			known[d] = namesTensors(d)
		}
		return known[d]
	}
	top, ok := value.(*pickle.Dict)
	if !ok {
		return nil, "", fmt.Errorf("it holds %s, want a dictionary of tensors; save model.state_dict()", pickle.Kind(value))
	}
	for _, key := range preferred {
		if v, _ := top.Get(key); holdsTensors(v) {
			return v.(*pickle.Dict), key, nil
		}
	}
	if holdsTensors(top) {
		return top, "", nil
	}
	var keys, others []string
	for _, e := range top.Entries {
		key, ok := e.Key.(string)
		switch {
		case !ok:
		case holdsTensors(e.Value):
			tensors = e.Value.(*pickle.Dict)
			keys = append(keys, key)
		default:
			others = append(others, key)
		}
	}
	slices.Sort(keys)
	switch keys = slices.Compact(keys); len(keys) {
	case 0:
		return nil, "", fmt.Errorf("it holds no dictionary of tensors; its keys are %s", list(others))
	case 1:
		return tensors, keys[0], nil
	}
	return nil, "", fmt.Errorf("it holds several dictionaries of tensors (%s); save the one that is needed alone", list(keys))
}

// namesTensors reports whether a dictionary has a tensor under a text key.
func namesTensors(d *pickle.Dict) bool {
	for _, e := range d.Entries {
		_, named := e.Key.(string)
		if _, tensor := e.Value.(*view); named && tensor {
			return true
		}
	}
	return false
}

// A few bytes of a file can have views of any shape (with strides of 0), and many views. To bound the memory, the
// tensors of a file may together have at most sharing times the file's size, or small bytes if that is more.
const (
	sharing = 16
	small   = 1 << 20 // bytes
)

// load makes a File of the value of a checkpoint's pickle. size is the size of the checkpoint in bytes; block returns the
// bytes of a storage's block.
func load(value any, size int, bigEndian bool, block func(*storage) ([]byte, error)) (*File, error) {
	tensors, part, err := find(value)
	if err != nil {
		return nil, err
	}
	f := &File{Tensors: map[string]Tensor{}, Part: part}
	left := max(small, sharing*size)
	for _, e := range tensors.Entries {
		name, named := e.Key.(string)
		v, ok := e.Value.(*view)
		if !named || !ok {
			continue // another value beside the tensors
		}
		b, err := block(v.storage)
		var t Tensor
		if err == nil {
			t, err = v.tensor(b, bigEndian)
		}
		if err == nil {
			err = t.check()
		}
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", pickle.Brief(name), err)
		}
		f.Tensors[name] = t
		if left -= t.Len() * t.Element.Size(); left < 0 {
			return nil, fmt.Errorf("tensor %s: together with those before it, it takes more than %d times the file's size", pickle.Brief(name), sharing)
		}
	}
	return f, nil
}
