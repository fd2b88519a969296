package setting

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strings"
)

// maxFolder is the longest name of a run folder, in bytes. File systems accept 255, and
// files beside the folder have longer names.
const maxFolder = 160

// unfit matches characters that the names of run folders avoid.
var unfit = regexp.MustCompile(`[^A-Za-z0-9.]+`)

// folder returns the default of -out: its name has task, network, data set and profile, the
// settings that differ from their defaults, and the names of -root and -init. If that is too
// long, a digest replaces the end.
func folder(r *resolving) string {
	name := strings.Join([]string{r.Task.Name, unfit.ReplaceAllString(r.NetworkText(), "-"), r.Data.Name, r.Profile.Name}, "-")
	for _, s := range differing(r) {
		if s == "extend" { // resolve adds it at the end
			continue
		}
		name += "-" + s + "-" + unfit.ReplaceAllString(text(find(s).value(r.Config)), "-")
	}
	if r.Data.Anywhere && r.Root != "" {
		root, err := filepath.Abs(r.Root)
		if err != nil {
			root = r.Root
		}
		name += "-root-" + unfit.ReplaceAllString(filepath.Base(root), "-")
	}
	if r.Init != "" {
		base := filepath.Base(r.Init)
		name += "-init-" + unfit.ReplaceAllString(strings.TrimSuffix(base, filepath.Ext(base)), "-")
	}
	if len(name) > maxFolder {
		sum := sha256.Sum256([]byte(name))
		name = name[:maxFolder-9] + "-" + hex.EncodeToString(sum[:4])
	}
	return "results/runs/" + r.prefix + name
}
