package setting

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strings"
)

// maxFolder is the longest name of a run folder, in bytes: file systems take 255, and
// files beside it have longer names.
const maxFolder = 160

// unfit is what folders are not named with.
var unfit = regexp.MustCompile(`[^A-Za-z0-9.]+`)

// folder is the default of -out: task, network, data set, profile, all that is not
// the profile's, and the name of a folder of pictures.
func folder(r *resolving) string {
	name := strings.Join([]string{r.Task.Name, unfit.ReplaceAllString(r.NetworkText(), "-"), r.Data.Name, r.Profile.Name}, "-")
	for _, s := range differing(r) {
		if s == "extend" { // follows the name of the run
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
