//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows

package durable_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"multiscale/pkg/durable"
)

// holdVariable makes the test binary, started by a test, hold a folder until
// it is killed.
const holdVariable = "DURABLE_TEST_HOLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(holdVariable); dir != "" {
		if _, err := durable.Acquire(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		select {}
	}
	os.Exit(m.Run())
}

// A second process cannot lock the folder and learns who holds it. After the holder
// is killed, the folder is free.
func TestLockEndsWithTheProcess(t *testing.T) {
	dir := t.TempDir()
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holdVariable+"="+dir)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer holder.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}

	_, err = durable.Acquire(dir)
	var locked *durable.LockedError
	if !errors.As(err, &locked) || locked.Dir != dir {
		t.Fatalf("second process: %v", err)
	}
	if want := fmt.Sprintf("process %d ", holder.Process.Pid); !strings.Contains(err.Error(), want) {
		t.Errorf("%q does not say %q", err, want)
	}

	if who, held := durable.Holder(dir); !held || !strings.HasPrefix(who, fmt.Sprintf("process %d ", holder.Process.Pid)) {
		t.Errorf("held %v by %q", held, who)
	}

	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	holder.Wait() // returns the kill as an error
	if who, held := durable.Holder(dir); held {
		t.Errorf("after the kill it is held by %q", who)
	}
	lock, err := durable.Acquire(dir)
	if err != nil {
		t.Fatalf("after the kill: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Error(err)
	}
}

func TestLockRelease(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		lock, err := durable.Acquire(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := durable.Acquire(dir); err == nil {
			t.Fatal("acquired twice")
		}
		if _, held := durable.Holder(dir); !held {
			t.Error("it is held by nobody")
		}
		if err := lock.Release(); err != nil {
			t.Fatal(err)
		}
		if who, held := durable.Holder(dir); held {
			t.Errorf("released, it is held by %q", who)
		}
	}
	if _, held := durable.Holder(filepath.Join(dir, "none")); held {
		t.Error("a folder that is not there is held")
	}
	if err := (*durable.Lock)(nil).Release(); err != nil {
		t.Error(err)
	}
	if _, err := durable.Acquire(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}
