package experiment_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"multiscale/pkg/catalog"
	"multiscale/pkg/experiment"
	"multiscale/pkg/setting"
	"multiscale/pkg/task"
)

// TestDescribe: shapes, parameters, operations and receptive fields of layers equal numbers computed by hand. Nothing
// is trained.
func TestDescribe(t *testing.T) {
	for _, tc := range []struct {
		task  task.Task
		args  string
		lines []string
	}{
		{task.Superresolution(), "-network espcn:hidden1=8 -side 32 -levels 1", []string{
			"# espcn:hidden1=8 for superresolution, pictures of 3 channels and 16x16 pixels",
			"| hidden1 | 8     | 64    | 1 to 16384 | channels of the first layer  |",
			// 2*5*5*3 for each of 8*16*16 numbers of the result.
			"| conv1          | Conv         | 8x16x16  |        608 |  307k |   8 |  5x5 |",
			"| conv2          | Conv         | 32x16x16 |      2,336 | 1.18M |  32 |  7x7 |",
			"| PixelShuffle.0 | PixelShuffle | 3x32x32  |            |       |  12 |  9x9 |",
			"6,412 parameters; 3.26M FLOP for one picture; a pixel of the result sees 9x9 of the picture.",
			"| 8x8   |  814k |",
		}},
		{task.Denoising(), "-network unet -levels 0", []string{
			"| input_blocks.2.0.op               | Conv      | 32x16x16  |      9,248 | 4.72M |  32 |  all |",
			// 64 pixels that attend to 64, two products of 128 channels.
			"| Attention.0                       | Attention | 128x8x8   |            | 2.10M |  32 |  all |",
			"2,537,187 parameters; ", "a pixel of the result sees all of the picture.",
		}},
	} {
		out := t.TempDir() + "/run"
		c, err := setting.Arguments(catalog.Standard(), tc.task, append(strings.Fields(tc.args), "-describe", "-out", out))
		if err != nil {
			t.Fatal(err)
		}
		var printed bytes.Buffer
		if err := experiment.Run(t.Context(), catalog.Standard(), tc.task, c, &printed, &printed); err != nil {
			t.Fatal(err)
		}
		for _, line := range tc.lines {
			if !strings.Contains(printed.String(), line) {
				t.Errorf("%s: there is no %q:\n%s", tc.args, line, printed.String())
			}
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: the run folder was made", tc.args)
		}
	}
}
