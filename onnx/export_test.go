package onnx

// EncodeUnchecked encodes models that Encode refuses, for tests of the reader.
func EncodeUnchecked(m *Model) []byte { return m.encode() }
