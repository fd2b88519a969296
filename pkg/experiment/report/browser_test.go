package report_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// widths are the widths of a telephone's and a desktop's screen, in CSS pixels.
var widths = []int{390, 1400}

// frames shows the report at each width and writes what it measured: how wide
// the page is inside, how many pictures it has, and how many of them are drawn.
// The frames' own scrollbars are kept out of the way.
const frames = `<!DOCTYPE html><html><head><link rel="icon" href="data:,"></head><body style="margin:0">
%s<p id="measured">nothing</p>
<script>
addEventListener("load", () => {
  document.getElementById("measured").textContent = [...document.querySelectorAll("iframe")].map(f => {
    const d = f.contentDocument;
    const folded = d.querySelectorAll("main > details:not([open])").length;
    d.querySelectorAll("details").forEach(e => e.open = true);
    const pictures = [...d.images], charts = [...d.querySelectorAll("svg.chart")];
    // The pointer on a point: the chart says what it is.
    const said = charts.filter(c => {
      const p = c.querySelectorAll("circle")[1], box = p.getBoundingClientRect();
      c.dispatchEvent(new f.contentWindow.PointerEvent("pointermove", { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 }));
      const tip = c.parentElement.querySelector(".tip");
      return !tip.hidden && tip.textContent !== "" && tip.getBoundingClientRect().right <= f.clientWidth;
    });
    return f.clientWidth + " wide: " + d.documentElement.scrollWidth + ", " + folded + " folded, " +
      pictures.filter(p => p.naturalWidth > 0 && p.clientWidth > 100).length + " of " + pictures.length + " pictures, " + said.length + " of " + charts.length + " charts speak";
  }).join("; ");
});
</script></body></html>`

// TestInChromium: the report opens in a browser without a message in the console and
// without overflow on a telephone's and a desktop's screen. All its pictures are drawn, and
// its charts describe the point under the pointer. Without Chromium, only TestWellFormed
// tests the report. SCREENSHOT_DIR=. go test writes screenshots.
func TestInChromium(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	page := render(t, sample(t))
	mux := http.NewServeMux()
	mux.HandleFunc("/report.html", func(w http.ResponseWriter, _ *http.Request) { w.Write(page) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		var list strings.Builder
		for _, width := range widths {
			fmt.Fprintf(&list, "<iframe src=\"report.html\" style=\"border:0;width:%dpx;height:6000px\"></iframe>\n", width)
		}
		fmt.Fprintf(w, frames, list.String())
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	dump, console := browse(t, chromium, server.URL+"/", "--dump-dom")
	measured := regexp.MustCompile(`<p id="measured">(.*?)</p>`).FindStringSubmatch(dump)
	if want := "390 wide: 390, 6 folded, 2 of 2 pictures, 8 of 8 charts speak; 1400 wide: 1400, 6 folded, 2 of 2 pictures, 8 of 8 charts speak"; measured == nil || measured[1] != want {
		t.Errorf("measured %q, want %q", measured, want)
	}
	for line := range strings.Lines(console) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("console: %s", line)
		}
	}
	if dir := os.Getenv("SCREENSHOT_DIR"); dir != "" {
		file, err := filepath.Abs(filepath.Join(dir, "report.png"))
		if err != nil {
			t.Fatal(err)
		}
		browse(t, chromium, server.URL+"/", "--screenshot="+file)
	}
}

// TestConsoleIsHeard: TestInChromium would notice an error.
func TestConsoleIsHeard(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "<!DOCTYPE html><script>nothing.there()</script>")
	}))
	defer server.Close()
	if _, console := browse(t, chromium, server.URL, "--dump-dom"); !strings.Contains(console, "CONSOLE") {
		t.Errorf("an error of a script was not heard:\n%s", console)
	}
}

// browse opens a page in a new Chromium and returns its output, and its log with the
// console's messages.
func browse(t *testing.T, chromium, address, what string) (printed, log string) {
	t.Helper()
	// Not t.TempDir: what Chromium leaves running for a moment must not fail the test.
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir="+profile, "--window-size=1820,6100", "--hide-scrollbars", "--virtual-time-budget=20000",
		"--enable-logging=stderr", what, address)
	cmd.WaitDelay = 10 * time.Second // for children that hold on to the pipes
	var out, messages strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &messages
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, messages.String())
	}
	return out.String(), messages.String()
}
