package trial

import (
	"multiscale/onnx/runtime"
	"multiscale/onnx/session"
	"multiscale/pkg/command"
)

// minMemory is the smallest -memory, in bytes.
const minMemory = 1 << 20

// DefineMemory defines -memory: bytes for a network's activations. The default is *memory.
func DefineMemory(f *command.Flags, memory *int64) {
	f.Func("memory", "SIZE", command.FormatSize(*memory), "budget for the intermediate values of a network; a picture that needs more is cut into tiles", func(s string) error {
		size, err := command.ParseSize(s)
		if err != nil || size < minMemory {
			return command.Wrong("memory", s, "not enough memory", "write it like 512MiB; the minimum is "+command.FormatSize(minMemory))
		}
		*memory = size
		return nil
	})
}

// DefineRuntime defines the flags that choose the runtime of models and the number of cores.
func DefineRuntime(f *command.Flags, o *session.Options) {
	f.Choice(&o.Runtime, "runtime", session.Runtimes(), "runtime of models; auto is the network with its training kernels if this project exported it, else ONNX Runtime if it is installed; onnx-go is slow and independent of both")
	f.String(&o.Library, "onnxruntime", "PATH", "ONNX Runtime's shared library, if it is not found automatically (environment: "+runtime.Variable+")")
	f.Threads()
}
