package reference_test

import (
	"errors"
	"path"
	"slices"
	"testing"

	"multiscale/pkg/reference"
)

// checks has the function that tests the cases of each kind.
var checks = map[string]func(*checker){
	"adam_fixed_grads":             checkAdam,
	"adamw_fixed_grads":            checkAdamW,
	"sgd_fixed_grads":              checkSGD,
	"adam_training":                checkTraining,
	"blur":                         checkBlur,
	"conv2d":                       checkConv,
	"corrupt_deblur":               checkDeblurring,
	"corrupt_denoise":              checkDenoising,
	"corrupt_inpaint_as_published": checkInpaintingAsPublished,
	"fullmultiscale":               checkFullMultiscale,
	"group_norm":                   checkGroupNorm,
	"interpolate":                  checkInterpolate,
	"layer_norm":                   checkLayerNorm,
	"linear":                       checkLinear,
	"model_mse":                    checkModel,
	"module_vjp":                   checkModule,
	"mge":                          checkMGE,
	"mse":                          checkMSE,
	"psnr":                         checkPSNR,
	"qkv_attention":                checkAttention,
	"ssim":                         checkSSIM,
	"timestep_embedding":           checkTimestepEmbedding,
	"unary":                        checkUnary,
}

// subset is the folder with the part of the reference data that is in the repository.
const subset = "testdata"

// TestReference runs all cases of the folder that reference.Locate finds, or of the subset in the
// repository if there is none.
func TestReference(t *testing.T) {
	folder, err := reference.Locate()
	if err != nil {
		t.Fatal(err)
	}
	if folder == "" {
		folder = subset
	}
	runCases(t, folder, checks)
}

// TestReferenceSubset runs the cases in the repository, with or without other folders.
func TestReferenceSubset(t *testing.T) { runCases(t, subset, checks) }

// runCases runs all cases of a folder by their kinds.
func runCases(t *testing.T, folder string, checks map[string]func(*checker)) {
	cases, err := reference.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	// The tests of onnx/backend run the cases with stored models.
	cases = slices.DeleteFunc(cases, func(c *reference.Case) bool { return c.Kind == "onnx" })
	for len(cases) > 0 {
		// The group is removed from cases here, because -run may skip its test.
		group, n := path.Dir(cases[0].ID), 1
		for n < len(cases) && path.Dir(cases[n].ID) == group {
			n++
		}
		members := cases[:n]
		cases = cases[n:]
		t.Run(group, func(t *testing.T) {
			for _, c := range members {
				t.Run(path.Base(c.ID), func(t *testing.T) { check(t, c, checks[c.Kind]) })
			}
		})
	}
}

// check runs one case. It fails if an expected file has not been compared.
func check(t *testing.T, c *reference.Case, f func(*checker)) {
	if f == nil {
		t.Fatalf("unknown kind %q", c.Kind)
	}
	k := &checker{T: t, Case: c, compared: make(map[string]bool)}
	f(k)
	for _, file := range c.Files {
		if file.Role == reference.Expected && !k.compared[file.Path] {
			t.Errorf("%s has not been compared with anything", file.Path)
		}
	}
}

// checker is a test of one case.
type checker struct {
	*testing.T
	*reference.Case
	compared map[string]bool
}

// decode reads the hyper-parameters.
func (k *checker) decode(into any) {
	k.Helper()
	if err := k.Decode(into); err != nil {
		k.Fatal(err)
	}
}

// input reads an input by its name.
func (k *checker) input(name string) reference.Array {
	k.Helper()
	a, err := k.Input(name)
	if err != nil {
		k.Fatal(err)
	}
	return a
}

// expect compares got with an expected file.
func (k *checker) expect(file string, got []float32) {
	k.Helper()
	if err := k.compare(file, got); err != nil {
		k.Errorf("%s: %v", file, err)
	}
}

// expectIf is expect for files that some cases of a kind do not have.
func (k *checker) expectIf(file string, got []float32) {
	k.Helper()
	if err := k.compare(file, got); err != nil && !errors.Is(err, errNotExpected) {
		k.Errorf("%s: %v", file, err)
	}
}

var errNotExpected = errors.New("the case has no such file")

func (k *checker) compare(file string, got []float32) error {
	f := k.Expected(file)
	if f == nil {
		return errNotExpected
	}
	k.compared[file] = true
	if f.Sampling != nil {
		var err error
		if got, err = f.Sampling.Of(got); err != nil {
			return err
		}
	}
	want, err := k.Read(*f)
	if err != nil {
		return err
	}
	return reference.Compare(got, want.Data, f.TolMaxAbs, f.TolRelL2)
}

// settle fails unless a hyper-parameter has the only supported value.
func settle[T comparable](k *checker, name string, got, want T) {
	k.Helper()
	if got != want {
		k.Fatalf("%s is %v: only %v is supported", name, got, want)
	}
}
