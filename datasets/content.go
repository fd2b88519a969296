package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"multiscale/pkg/picture"
)

// ContentDigest returns the SHA-256, in hex, over the names and contents of all files below
// dir, in the order of names. For a PNG it covers the pixels instead of the bytes, so that
// it does not depend on the compression.
func ContentDigest(dir string) (string, error) {
	all := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.EqualFold(filepath.Ext(path), ".png") {
			p, err := picture.Decode(path, bytes.NewReader(data))
			if err != nil {
				return err
			}
			data = binary.LittleEndian.AppendUint32(p.Pix, uint32(p.W))
		}
		fmt.Fprintf(all, "%q %x\n", filepath.ToSlash(name), sha256.Sum256(data))
		return nil
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", all.Sum(nil)), nil
}
