package mge

// The strategies that train on crops of images on the finest mesh. They have the stages, batches and
// cost of Progressive: the sides of the images are those of coarser and then finer meshes.
var (
	// Patches trains on crops of the finest mesh with the sides of each stage's mesh. This is the
	// progressive patch training of Restormer (Zamir et al. 2022).
	Patches = Strategy{"patches", func(w Work) ([]Stage, error) { return cropped(w, 1, false) }}
	// ResizedCrops trains on crops of random size that are resized to the sides of each stage's
	// mesh: progressive resizing.
	ResizedCrops = Strategy{"resizedcrops", func(w Work) ([]Stage, error) { return cropped(w, 1, true) }}
	// MeshPatch mixes images on the stage's mesh, which have wide context, with crops of the
	// finest mesh, which have fine detail. The fraction of crops is fixed.
	MeshPatch = Strategy{"meshpatch", func(w Work) ([]Stage, error) {
		if w.Crops == 0 {
			w.Crops = DefaultCrops
		}
		return cropped(w, w.Crops, false)
	}}
)

// DefaultCrops is the fraction of crops in MeshPatch, unless Work sets another.
const DefaultCrops = 0.5

// cropped returns the stages of Progressive with a fraction of crops on all but the finest mesh.
func cropped(w Work, share float64, resized bool) ([]Stage, error) {
	stages, err := plainCoarseToFine(w)
	for i := range stages {
		if stages[i].Finest > 0 { // on the finest mesh a crop would be the whole image
			stages[i].Crops, stages[i].Resized = share, resized
		}
	}
	return stages, err
}
