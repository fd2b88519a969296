package progress

import (
	"math"
	"strings"
	"testing"
	"time"
)

// printer returns a Printer with a clock that the test moves.
func printer(columns int) (p *Printer, out *strings.Builder, clock *time.Time) {
	out = new(strings.Builder)
	clock = new(time.Time)
	*clock = time.Unix(1000, 0)
	p = New(out)
	p.now = func() time.Time { return *clock }
	if columns > 0 {
		p.width = func() int { return columns }
		p.every = everyOnTerminal
	}
	return p, out, clock
}

func state(i int) State {
	return State{
		Unit: "mge-seed1", Stage: 2, Stages: 3, Side: 32, Iteration: i, Iterations: 60, Loss: 0.123456,
		Images: 100 * i, Done: 1000 + float64(i), Total: 1100, Left: time.Duration(100-i) * time.Second, LeftKnown: i > 0,
	}
}

func TestLog(t *testing.T) {
	p, out, clock := printer(0)
	for i := range 61 {
		p.Update(state(i))
		*clock = clock.Add(time.Second)
	}
	p.Print("stage %d done", 2)
	p.Close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 7 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	// 1000 pictures in 10 s.
	if want := "mge-seed1  stage 2/3  side 32  step 10/60  1m30s left  loss 0.1235  100 images/s"; lines[0] != want {
		t.Errorf("%q, want %q", lines[0], want)
	}
	if lines[6] != "stage 2 done" {
		t.Errorf("last line %q", lines[6])
	}
	if strings.ContainsAny(out.String(), "\r\x1b") {
		t.Error("control characters in a log")
	}
}

// screen returns the text that a terminal shows after the output.
func screen(out string) string {
	var lines []string
	line, at := []rune{}, 0
	for _, r := range out {
		switch r {
		case '\n':
			lines, line, at = append(lines, strings.TrimRight(string(line), " ")), nil, 0
		case '\r':
			at = 0
		default:
			if at == len(line) {
				line = append(line, r)
			} else {
				line[at] = r
			}
			at++
		}
	}
	return strings.Join(append(lines, strings.TrimRight(string(line), " ")), "\n")
}

func TestTerminal(t *testing.T) {
	p, out, clock := printer(40)
	long := state(1)
	p.Update(long)
	if got := screen(out.String()); got != "mge-seed1  stage 2/3  side 32  step 1/6" {
		t.Errorf("%q", got)
	}
	*clock = clock.Add(time.Millisecond)
	before := out.Len()
	p.Update(long)
	if out.Len() != before {
		t.Error("redrawn too soon")
	}
	*clock = clock.Add(time.Second)
	p.Update(State{Unit: "a", Stages: 1, Side: 8, Iteration: 1, Iterations: 2, Loss: math.NaN()})
	if got := screen(out.String()); got != "a  side 8  step 1/2" {
		t.Errorf("a shorter line leaves %q", got)
	}
	p.Print("done")
	p.Close()
	if got := screen(out.String()); got != "done\n" {
		t.Errorf("%q", got)
	}
}

// Pictures per second are those of the last five seconds, not of the last step.
func TestRateDoesNotFlicker(t *testing.T) {
	p, out, clock := printer(200)
	s := state(0)
	for i := range 100 {
		p.Update(s)
		step := 150 * time.Millisecond // 100 pictures in 150 ms, every other time in 350
		if i%2 == 1 {
			step += 200 * time.Millisecond
		}
		*clock = clock.Add(step)
		s.Images += 100
	}
	for _, line := range strings.Split(out.String(), "\r")[30:] {
		if !strings.Contains(line, " 400 images/s") && !strings.Contains(line, " 39") && !strings.Contains(line, " 40") {
			t.Errorf("%q", line)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 59400 * time.Millisecond: "59s", 59600 * time.Millisecond: "1m00s",
		200 * time.Second: "3m20s", 2*time.Hour + 5*time.Minute: "2h05m", 76 * time.Hour: "3d4h",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
