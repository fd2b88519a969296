package datasets

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"multiscale/pkg/dataset"
	"multiscale/pkg/durable"
)

// Options of a fetch.
type Options struct {
	Out    string // folder for all data sets, one folder each
	SHA256 string // of the archive, in hex; replaces the manifest's checksums
	Accept bool   // accept pictures that differ from the manifest's digest
	// Progress receives the number of bytes that have arrived, and their total (0: unknown).
	Progress func(have, total int64)
	Client   *http.Client // nil means http.DefaultClient
}

func (o Options) client() *http.Client {
	if o.Client != nil {
		return o.Client
	}
	return http.DefaultClient
}

func (o Options) report(have, total int64) {
	if o.Progress != nil {
		o.Progress(have, total)
	}
}

// Fetch downloads a data set to its folder below o.Out and returns a sentence that
// describes it. An existing data set is not changed; an interrupted download continues. On
// an error the folder either does not exist or is unchanged. A data set without URL is not
// downloaded: Fetch only checks its folder.
func Fetch(ctx context.Context, d Dataset, o Options) (string, error) {
	target := filepath.Join(o.Out, d.Name)
	if d.URL == "" {
		return d.byHand(target)
	}
	if _, err := os.Lstat(target); err == nil {
		there, err := describe(d, target)
		if err != nil {
			return "", fmt.Errorf("%s is there but cannot be used (%w); move it away and call again", target, err)
		}
		return target + " is there already: " + there, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return "", err
	}
	lock, err := durable.Acquire(o.Out)
	if err != nil {
		return "", err
	}
	defer lock.Release()

	archive := filepath.Join(o.Out, d.Name+".tar.gz")
	if _, err := os.Lstat(archive); errors.Is(err, fs.ErrNotExist) {
		part := archive + ".part"
		if err := download(ctx, d, part, o); err != nil {
			return "", err
		}
		if err := os.Rename(part, archive); err != nil {
			return "", err
		}
	}
	if err := verify(d, archive, o.SHA256); err != nil {
		// The archive is useless: the next call downloads it again.
		return "", errors.Join(err, os.Remove(archive))
	}
	there, err := install(d, archive, target, o.Accept)
	if err != nil {
		return "", err
	}
	return target + ": " + there, os.Remove(archive)
}

// install unpacks a verified archive beside the target, checks the files, and moves them
// into place.
func install(d Dataset, archive, target string, accept bool) (there string, err error) {
	f, err := os.Open(archive)
	if err != nil {
		return "", err
	}
	defer f.Close()
	// An interrupted call may have left an incomplete folder.
	unpacked := filepath.Join(filepath.Dir(target), "."+d.Name+".unpacking")
	if err := os.RemoveAll(unpacked); err != nil {
		return "", err
	}
	if err := os.Mkdir(unpacked, 0o755); err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(unpacked))
		}
	}()
	if err := unpack(f, unpacked, d); err != nil {
		return "", fmt.Errorf("%s: %w; nothing of it was kept, remove the file to load it again", archive, err)
	}
	if d.Content != "" {
		got, err := ContentDigest(unpacked)
		if err != nil {
			return "", err
		}
		if got != d.Content && !accept {
			return "", fmt.Errorf("%s: the pictures have digest %s, expected %s; look at %s and, if you trust them, call again with -accept", archive, got, d.Content, d.Page)
		}
	}
	if there, err = describe(d, unpacked); err != nil {
		return "", err
	}
	if err := os.Rename(unpacked, target); err != nil {
		return "", err
	}
	return there, durable.OS.SyncDir(filepath.Dir(target))
}

// verify compares the archive with the known size and checksums.
func verify(d Dataset, path, wantSHA256 string) error {
	want := map[string]string{"md5": d.MD5, "sha256": d.SHA256}
	if wantSHA256 != "" {
		want = map[string]string{"sha256": strings.ToLower(wantSHA256)}
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sums := map[string]hash.Hash{"md5": md5.New(), "sha256": sha256.New()}
	size, err := io.Copy(io.MultiWriter(sums["md5"], sums["sha256"]), f)
	if err != nil {
		return err
	}
	if d.Size > 0 && size != d.Size {
		return fmt.Errorf("%s: %d bytes arrived, expected %d; it was removed, call again", path, size, d.Size)
	}
	for _, kind := range []string{"md5", "sha256"} {
		if got := hex.EncodeToString(sums[kind].Sum(nil)); want[kind] != "" && got != want[kind] {
			return fmt.Errorf("%s: %s is %s, expected %s; it was removed, call again, and if that does not help see %s", path, kind, got, want[kind], d.Page)
		}
	}
	return nil
}

// describe opens a data set as training does, without decoding, and describes it.
func describe(d Dataset, dir string) (string, error) {
	set, err := dataset.Open(dataset.Options{Name: d.Name, Root: dir, Decoding: dataset.DecodeNone, AllowIncomplete: true})
	if err != nil {
		return "", err
	}
	there := fmt.Sprintf("%d pictures for training, %d for validation", set.Train.Len(), set.Validation.Len())
	if missing := set.Report.Missing; len(missing) > 0 {
		there += "; incomplete: " + strings.Join(missing, "; ")
	}
	return there, nil
}

// byHand checks the folder of a data set that the user must download.
func (d Dataset) byHand(dir string) (string, error) {
	there, err := describe(d, dir)
	if err != nil {
		return "", fmt.Errorf("%w\n%s may not be fetched by a program (%s):\n%s, in %s; page: %s", err, d.Name, d.Licence, d.Instructions, dir, d.Page)
	}
	return dir + ": " + there, nil
}
