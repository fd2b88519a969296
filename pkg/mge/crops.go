package mge

// The strategies that train on crops of the finest mesh. They have the stages and batches of
// Progressive: images of the sides of coarser and then finer meshes, at the cost of
// FullMultiscale.
var (
	// Patches trains on crops of the finest mesh with the sides of each stage's mesh: the
	// progressive patches of image restoration (Restormer; Zamir et al. 2022).
	Patches = Strategy{"patches", func(w Work) ([]Stage, error) { return cropped(w, 1, false) }}
	// ResizedCrops trains on crops of random size, resized to the sides of each stage's mesh:
	// progressive resizing.
	ResizedCrops = Strategy{"resizedcrops", func(w Work) ([]Stage, error) { return cropped(w, 1, true) }}
	// MeshPatch mixes images on the stage's mesh, which have wide context, with crops of the
	// finest one, which have fine detail, at a share that is fixed beforehand.
	MeshPatch = Strategy{"meshpatch", func(w Work) ([]Stage, error) {
		if w.Crops == 0 {
			w.Crops = DefaultCrops
		}
		return cropped(w, w.Crops, false)
	}}
)

// DefaultCrops is the share of crops in MeshPatch, unless Work sets another.
const DefaultCrops = 0.5

func cropped(w Work, share float64, resized bool) ([]Stage, error) {
	stages, err := plainCoarseToFine(w)
	for i := range stages {
		if stages[i].Finest > 0 { // the finest mesh is whole
			stages[i].Crops, stages[i].Resized = share, resized
		}
	}
	return stages, err
}
