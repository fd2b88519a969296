package session_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/onnx/runtime"
	"multiscale/onnx/session"
	"multiscale/onnx/session/sessiontest"
	"multiscale/pkg/network"
	"multiscale/pkg/pixel"
	"multiscale/pkg/random"
)

// script runs a model on stored inputs with onnxruntime-node and stores the outputs.
const script = `
const fs = require('fs'), ort = require(process.argv[2]), dir = process.argv[3];
const c = JSON.parse(fs.readFileSync(dir + '/case.json'));
const read = name => { const b = fs.readFileSync(dir + '/' + name); return new Float32Array(b.buffer.slice(b.byteOffset, b.byteOffset + b.length)); };
(async () => {
  const s = await ort.InferenceSession.create(dir + '/M.onnx');
  const feeds = { x: new ort.Tensor('float32', read('x'), c.x) };
  if (s.inputNames.includes('t')) feeds.t = new ort.Tensor('float32', read('t'), [c.x[0]]);
  const { y } = await s.run(feeds);
  fs.writeFileSync(dir + '/y', Buffer.from(y.data.buffer, y.data.byteOffset, 4 * y.data.length));
})().catch(e => { console.error(String(e)); process.exit(1); });
`

// nodeTolerance is the documented tolerance of networks with direct convolutions. The networks of this test are small.
const nodeTolerance = 2e-5

// TestNode: a model gives the same numbers from JavaScript.
func TestNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	module := nodeModule(t)
	for _, n := range []network.Network{sessiontest.UNet, sessiontest.ResNet, sessiontest.ESPCN, sessiontest.SRNet} {
		t.Run(n.Name(), func(t *testing.T) {
			data := sessiontest.Network(t, n, sessiontest.Signed("denoising"))
			s, err := session.Load("M.onnx", data, session.Options{Runtime: session.Network})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			r := random.New(4)
			x, times := pixel.NewImages(2, 3, 24, 16), make([]float32, 2)
			r.Normals(x.Data)
			r.Uniforms(times)
			want := make([]float32, len(x.Data)*s.Scale*s.Scale)
			if err := s.Apply(t.Context(), want, x, times); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			shape, err := json.Marshal(map[string][]int{"x": {x.N, x.C, x.H, x.W}})
			if err != nil {
				t.Fatal(err)
			}
			for name, content := range map[string][]byte{"M.onnx": data, "case.json": shape, "x": floats(x.Data), "t": floats(times), "run.js": []byte(script)} {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), node, filepath.Join(dir, "run.js"), module, dir)
			cmd.Env = append(os.Environ(), "ORT_DISABLE_TELEMETRY=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			got, err := os.ReadFile(filepath.Join(dir, "y"))
			if err != nil || len(got) != 4*len(want) {
				t.Fatalf("%d bytes of %d numbers, %v", len(got), len(want), err)
			}
			for i, v := range want {
				y := math.Float32frombits(binary.LittleEndian.Uint32(got[4*i:]))
				if d := math.Abs(float64(y - v)); !(d <= nodeTolerance*max(1, math.Abs(float64(v)))) {
					t.Fatalf("value %d: %v, ours %v", i, y, v)
				}
			}
		})
	}
}

// nodeModule returns the npm package that contains ONNX Runtime's library.
func nodeModule(t *testing.T) string {
	t.Helper()
	const name = "onnxruntime-node"
	library, err := runtime.Find("")
	if err == nil {
		if before, _, found := strings.Cut(library, name+string(filepath.Separator)); found {
			return before + name
		}
	}
	t.Skip("the npm package onnxruntime-node is not installed")
	return ""
}

func floats(x []float32) []byte {
	b := make([]byte, 0, 4*len(x))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}
