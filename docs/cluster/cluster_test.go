// Package cluster tests the files for clusters beside it by running them, as far as one machine can.
package cluster

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// With CLUSTER_PLAN=FILE the tests run another plan than small, and with CLUSTER_ONCE=DIR one process leaves its runs there, for
// the next call. The plan quick takes three times what it takes by itself:
//
//	CLUSTER_PLAN=$PWD/experiments/plans/quick.yaml go test -count=1 -timeout 3h -v -run 'SlurmArray|Claims' ./docs/cluster
const (
	planVariable = "CLUSTER_PLAN"
	onceVariable = "CLUSTER_ONCE"
)

// small has two run folders and eight units, as the plan quick has.
const small = `
name: small
profile: quick
seeds: [1, 2]
strategies: [single, mge]
settings: {side: 16, levels: 1, batch: 2, iterations: 1000, checkpoint-every: 100ms, validation-pictures: 16}
experiments:
  - {task: superresolution, network: espcn, data: deadleaves}
  - {task: superresolution, network: espcn, data: deadleaves, settings: {loss: charbonnier}}
`

// built is the program, the plan, and what one process leaves of it.
type built struct {
	program, plan string
	once          map[string]string
}

// temporary is the folder of all that; "" before it is made.
var temporary string

var build = sync.OnceValues(func() (b built, err error) {
	dir, err := os.MkdirTemp("", "cluster")
	if err != nil {
		return b, err
	}
	temporary = dir
	b.program, b.plan = filepath.Join(dir, "tables"), filepath.Join(dir, "plan.yaml")
	if out, err := exec.Command("go", "build", "-o", b.program, "multiscale/experiments/tables").CombinedOutput(); err != nil {
		return b, fmt.Errorf("%w: %s", err, out)
	}
	text := []byte(small)
	if file := os.Getenv(planVariable); file != "" {
		if text, err = os.ReadFile(file); err != nil {
			return b, err
		}
	}
	if err := os.WriteFile(b.plan, text, 0o666); err != nil {
		return b, err
	}
	runs := cmp.Or(os.Getenv(onceVariable), filepath.Join(dir, "once"))
	if out, err := exec.Command(b.program, "-plan", b.plan, "-run", "-runs", runs, "-out", filepath.Join(runs, "tables")).CombinedOutput(); err != nil {
		return b, fmt.Errorf("%w: %s", err, out)
	}
	b.once, err = timeless(runs)
	return b, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(temporary)
	os.Exit(code)
}

// timeless are the files that equal runs make equal.
func timeless(runs string) (map[string]string, error) {
	files := map[string]string{}
	return files, filepath.WalkDir(runs, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, base := strings.TrimPrefix(path, runs), filepath.Base(path)
		switch base {
		case "timing.csv", "table.md", "convergence.png", "run.json", "report.html", ".lock":
			return nil
		}
		if strings.HasPrefix(base, "seconds") || filepath.Ext(path) == ".checkpoint" {
			return nil
		}
		data, err := os.ReadFile(path)
		files[name] = string(data)
		return err
	})
}

// asOnce holds the files of a plan against those of one process.
func asOnce(t *testing.T, b built, runs string) {
	t.Helper()
	got, err := timeless(runs)
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for name, content := range b.once {
		if got[name] != content {
			t.Errorf("%s differs from that of one process", name)
		}
		if strings.HasPrefix(name, "/tables/") {
			tables++
		}
	}
	if len(got) != len(b.once) || tables < 5 {
		t.Errorf("%d files, of one process %d, %d of them tables", len(got), len(b.once), tables)
	}
}

// need skips a test where programs are missing.
func need(t *testing.T, advice string, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed; %s", p, advice)
		}
	}
}

// slurm is a cluster of one machine.
type slurm struct {
	dir string
	env []string
}

// start starts a daemon that ends with the test.
func (s slurm) start(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = s.env
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
		if t.Failed() {
			t.Logf("%s: %s", name, last(log.String()))
		}
	})
}

func last(text string) string { return text[max(0, len(text)-3000):] }

// run runs a command of Slurm's.
func (s slurm) run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := s.try(name, args...)
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
	return strings.TrimSpace(out)
}

func (s slurm) try(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// waitFor returns when done does. It fails where the time that go test has is nearly over.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	end, limited := t.Deadline()
	for ; !done(); time.Sleep(50 * time.Millisecond) {
		if limited && time.Until(end) < time.Minute {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func port(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// newSlurm starts munged, slurmctld and slurmd with files and ports of their own.
func newSlurm(t *testing.T) slurm {
	t.Helper()
	need(t, "as root: apt-get install --no-install-recommends slurmctld slurmd slurm-client munge", "slurmctld", "slurmd", "munged", "sbatch")
	if os.Getuid() != 0 {
		t.Skip("Slurm is started as root only; run this test as root")
	}
	dir, err := os.MkdirTemp("/tmp", "slurm") // short: sockets are in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	conf, socket, key := filepath.Join(dir, "slurm.conf"), filepath.Join(dir, "munge"), filepath.Join(dir, "key")
	text := fmt.Sprintf(`ClusterName=test
SlurmctldHost=%[1]s(127.0.0.1)
SlurmctldPort=%[2]d
SlurmdPort=%[3]d
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=%[4]s
CredType=cred/munge
StateSaveLocation=%[5]s/state
SlurmdSpoolDir=%[5]s/spool
SlurmctldPidFile=%[5]s/slurmctld.pid
SlurmdPidFile=%[5]s/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
JobRequeue=1
ReturnToService=2
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0
KillWait=5
MailProg=/bin/true
NodeName=%[1]s NodeAddr=127.0.0.1 CPUs=16 State=UNKNOWN
PartitionName=all Nodes=%[1]s Default=YES MaxTime=INFINITE State=UP
`, host, port(t), port(t), socket, dir)
	for _, sub := range []string{"state", "spool"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.WriteFile(conf, []byte(text), 0o644), os.WriteFile(key, bytes.Repeat([]byte("multiscale"), 13), 0o400)); err != nil {
		t.Fatal(err)
	}
	s := slurm{dir, append(os.Environ(), "SLURM_CONF="+conf)}
	s.start(t, "munged", "--foreground", "--force", "--key-file="+key, "--socket="+socket, "--pid-file="+filepath.Join(dir, "munge.pid"),
		"--log-file="+filepath.Join(dir, "munge.log"), "--seed-file="+filepath.Join(dir, "seed"))
	waitFor(t, "munged", func() bool { _, err := os.Stat(socket); return err == nil })
	s.start(t, "slurmctld", "-D", "-f", conf)
	s.start(t, "slurmd", "-D", "-f", conf)
	waitFor(t, "Slurm's node", func() bool {
		out, err := s.try("sinfo", "-h", "-o", "%t")
		return err == nil && strings.TrimSpace(out) == "idle"
	})
	t.Cleanup(func() { s.try("scancel", "--full", "--signal=KILL", "--user=root") }) // a failed test leaves no job running
	return s
}

// goOn starts the requeued ones of jobs, pairs of number and state, which Slurm holds back for two minutes, and reports
// whether a job has still to end. since has the times from which they are seen pending with nothing left of their former
// start: a step's daemon needs seconds to end, until then it has the socket that the next one binds, and slurmd, which counts
// in seconds, refuses a job that starts in the second in which it was stopped.
func (s slurm) goOn(jobs []string, since map[string]time.Time) (unfinished bool) {
	for i := 0; i+1 < len(jobs); i += 2 {
		job, state := jobs[i], jobs[i+1]
		switch state {
		case "COMPLETED", "FAILED", "CANCELLED":
			continue
		case "PENDING":
			sockets, err := filepath.Glob(filepath.Join(s.dir, "spool", "*[._]"+job+".*"))
			if err != nil || len(sockets) > 0 {
				delete(since, job)
			} else if since[job].IsZero() {
				since[job] = time.Now()
			}
			if begin, ended := since[job]; ended && time.Since(begin) > 2*time.Second {
				s.try("scontrol", "update", "jobid="+job, "starttime=now")
			}
		default:
			delete(since, job)
		}
		unfinished = true
	}
	return unfinished
}

// TestSlurmArray: a plan as an array of four, one task of which is requeued in the middle and another one gets SIGUSR1,
// leaves what one process leaves.
func TestSlurmArray(t *testing.T) {
	s := newSlurm(t)
	b, err := build()
	if err != nil {
		t.Fatal(err)
	}
	runs := filepath.Join(s.dir, "runs")
	s.env = append(s.env, "TABLES="+b.program)
	id := s.run(t, "sbatch", "--parsable", "--array=0-3", "--cpus-per-task=1", "--output="+filepath.Join(s.dir, "%a.log"), "slurm-array.sh",
		b.plan, "-runs", runs, "-out", filepath.Join(runs, "tables"))
	log := func(task int) string {
		data, _ := os.ReadFile(filepath.Join(s.dir, fmt.Sprintf("%d.log", task)))
		return string(data)
	}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := s.try("scontrol", "show", "jobs")
			t.Log(last(out))
			for task := range 4 {
				t.Logf("task %d: %s", task, last(log(task)))
			}
		}
	})
	begins := regexp.MustCompile(`1 of \d+: (\S+), (\S+)\n`) // run folder, unit
	trains := func(task int) func() bool {
		return func() bool {
			unit := begins.FindStringSubmatch(log(task))
			if unit == nil {
				return false
			}
			_, err := os.Stat(filepath.Join(unit[1], "units", unit[2], "history.csv")) // after its first step
			return err == nil
		}
	}
	waitFor(t, "task 1", trains(1))
	s.run(t, "scontrol", "requeue", id+"_1")
	waitFor(t, "task 2", trains(2))
	s.run(t, "scancel", "--batch", "--signal=USR1", id+"_2")
	pending := map[string]time.Time{}
	waitFor(t, "the array", func() bool {
		out, err := s.try("squeue", "-h", "-r", "-t", "all", "-j", id, "-o", "%A %T")
		if err != nil {
			return strings.Contains(out, "Invalid job id")
		}
		return !s.goOn(strings.Fields(out), pending)
	})
	for task, want := range map[int]string{1: "SIGTERM", 2: "SIGUSR1"} {
		if !strings.Contains(log(task), "stopped by "+want) && !strings.Contains(log(task), "stopped in ") {
			t.Errorf("task %d was not interrupted", task)
		}
	}
	asOnce(t, b, runs)
}

// TestSlurmMPI: one training by two ranks that srun starts, which gets SIGUSR1 in the middle, leaves what one process leaves.
func TestSlurmMPI(t *testing.T) {
	need(t, "apt-get install openmpi-bin libopenmpi-dev", "mpicc")
	s := newSlurm(t)
	program, out, alone := filepath.Join(s.dir, "denoising"), filepath.Join(s.dir, "run"), filepath.Join(s.dir, "alone")
	if out, err := exec.Command("go", "build", "-tags", "mpi", "-o", program, "multiscale/experiments/denoising").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	flags := []string{"-network", "resnet:hidden=8,blocks=1", "-side", "16", "-levels", "1", "-batch", "8", "-iterations", "60", "-validation-pictures", "4",
		"-strategy", "fullmultiscale", "-checkpoint-every", "100ms"}
	if out, err := exec.Command(program, append(flags, "-shares", "8", "-out", alone)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.env = append(s.env, "PROGRAM="+program)
	log := filepath.Join(s.dir, "log")
	id := s.run(t, "sbatch", append([]string{"--parsable", "--nodes=1", "--ntasks=2", "--cpus-per-task=1", "--output=" + log, "slurm-mpi.sh", "-out", out}, flags...)...)
	t.Cleanup(func() {
		if t.Failed() {
			data, _ := os.ReadFile(log)
			t.Log(last(string(data)))
		}
	})
	pending := map[string]time.Time{}
	ended := func() bool {
		state, err := s.try("squeue", "-h", "-t", "all", "-j", id, "-o", "%A %T")
		return err != nil && strings.Contains(state, "Invalid job id") || err == nil && !s.goOn(strings.Fields(state), pending)
	}
	waitFor(t, "a checkpoint", func() bool {
		found, err := filepath.Glob(filepath.Join(out, "checkpoint", "*", "0*.checkpoint"))
		return err == nil && len(found) > 0 || ended()
	})
	s.run(t, "scancel", "--signal=USR1", id)
	waitFor(t, "the job", ended)
	for _, name := range []string{"summary.csv", "history.csv", "fullmultiscale-seed1.onnx"} {
		want, err := os.ReadFile(filepath.Join(alone, name))
		got, err2 := os.ReadFile(filepath.Join(out, name))
		if err := errors.Join(err, err2); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from that of one process, or: %v", name, err)
		}
	}
	data, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(data), "2 ranks") || !strings.Contains(string(data), "continuing after") {
		t.Errorf("no two ranks that were interrupted; %v", err)
	}
}

// TestClaims: of four workers that claim what nobody has two are killed; the others leave what one process leaves.
func TestClaims(t *testing.T) {
	if os.Getenv(planVariable) == "" {
		t.Skip("TestClaims of pkg/experiment/tables does it with a small plan; " + planVariable + "=FILE takes another one here")
	}
	b, err := build()
	if err != nil {
		t.Fatal(err)
	}
	runs := filepath.Join(t.TempDir(), "runs")
	var workers []*exec.Cmd
	var logs [4]bytes.Buffer
	for i := range logs {
		w := exec.CommandContext(t.Context(), b.program, "-plan", b.plan, "-run", "-claim", "-threads", "1", "-runs", runs, "-out", filepath.Join(runs, "tables"))
		w.Stderr = &logs[i]
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		workers = append(workers, w)
	}
	waitFor(t, "checkpoints of two units", func() bool {
		found, err := filepath.Glob(filepath.Join(runs, "*", "*", "*", "checkpoint", "*", "*.checkpoint"))
		return err == nil && len(found) >= 2
	})
	for _, w := range workers[:2] {
		if err := w.Process.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	for i, w := range workers {
		if err := w.Wait(); (err == nil) != (i >= 2) {
			t.Errorf("worker %d: %v: %s", i, err, last(logs[i].String()))
		}
	}
	asOnce(t, b, runs)
}

// TestParallel: what GNU parallel starts on this machine leaves what one process leaves.
func TestParallel(t *testing.T) {
	need(t, "as root: apt-get install parallel", "parallel")
	b, err := build()
	if err != nil {
		t.Fatal(err)
	}
	runs := filepath.Join(t.TempDir(), "runs")
	machines := filepath.Join(t.TempDir(), "machines.txt")
	if err := os.WriteFile(machines, []byte(":\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("./parallel.sh", machines, b.plan, "-runs", runs, "-out", filepath.Join(runs, "tables"))
	cmd.Env = append(os.Environ(), "TABLES="+b.program)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, last(string(out)))
	}
	asOnce(t, b, runs)
}
