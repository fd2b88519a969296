package weights_test

import (
	"os"
	"path/filepath"
	"testing"

	"multiscale/pkg/weights"
)

// FuzzDecode reads arbitrary files.
func FuzzDecode(f *testing.F) {
	for _, c := range fixtures(f) {
		data, err := os.ReadFile(filepath.Join("testdata", c.File))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { decode(t, data) })
}

// FuzzSafetensors reads arbitrary headers of the stated length.
func FuzzSafetensors(f *testing.F) {
	f.Add(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"format":"pt"}}`, uint16(8))
	f.Add(`{"a":{"dtype":"F8_E4M3","shape":[],"data_offsets":[4,5]},"b":{"dtype":"I16","shape":[2,1],"data_offsets":[0,4]}}`, uint16(5))
	f.Add(`{"a":{"dtype":"BF16","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]}}`, uint16(0))
	f.Fuzz(func(t *testing.T, header string, size uint16) { decode(t, safetensors(header, int(size))) })
}

// FuzzCheckpoint reads arbitrary pickles inside a zip file with one storage.
func FuzzCheckpoint(f *testing.F) {
	storage := "\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40\x00\x00\x80\x40"
	f.Add(dictionary(tensor(4, 0, tuple(2, 2), tuple(1, 2))), storage)
	f.Add("\x80\x02}"+text("params_ema")+"}"+text("w")+tensor(4, 1, tuple(3), tuple(1))+"ss.", storage)
	f.Add(dictionary("ctorch._utils\n_rebuild_parameter\n("+tensor(4, 0, tuple(2), tuple(0))+"\x88NtR"), storage)
	f.Add(dictionary("ctorch._utils\n_rebuild_tensor_v3\n(("+text("storage")+"ctorch.storage\nUntypedStorage\n"+text("0")+text("cpu")+integer(16)+"tQK\x00"+tuple(2)+tuple(1)+"\x89Nctorch\nuint16\ntR"), storage)
	f.Fuzz(func(t *testing.T, program, storage string) {
		decode(t, checkpoint(t, program, "data/0", storage, "byteorder", "big"))
	})
}

// decode reads a file and all its tensors.
func decode(t *testing.T, data []byte) {
	file, err := weights.Decode(data)
	if err != nil {
		if file != nil || len(err.Error()) > 2000 {
			t.Errorf("%v with an error of %d bytes", file, len(err.Error()))
		}
		return
	}
	inspect(t, file)
	wants := []weights.Want{}
	for name, tensor := range file.Tensors {
		wants = append(wants, weights.Want{Name: name, Shape: tensor.Shape})
	}
	if values, err := file.Take(wants); err == nil && len(values) != len(wants) {
		t.Errorf("%d of %d tensors are taken", len(values), len(wants))
	}
}
