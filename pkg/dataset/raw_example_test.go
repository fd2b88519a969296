package dataset_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"multiscale/pkg/dataset"
	"multiscale/pkg/picture"
	"multiscale/pkg/pixel"
)

// raw is a format whose data sets are folders of *.raw files: channels, height and width as
// uint32, then the planes as float32, all little endian.
var raw = dataset.Format{Name: "raw", Anywhere: true, Open: func(o dataset.Options) (*dataset.Set, error) {
	paths, err := filepath.Glob(filepath.Join(o.Root, "*.raw")) // sorted
	if err != nil {
		return nil, err
	}
	all := rawFiles{root: o.Root}
	for _, path := range paths {
		all.names = append(all.names, filepath.Base(path))
	}
	digest, err := dataset.Digest(all.root, all.names)
	if err != nil {
		return nil, err
	}
	training, validation, err := dataset.Split(all, o.Root)
	if err != nil {
		return nil, err
	}
	return &dataset.Set{
		Channels: 4, Scale: pixel.Unit, Digest: digest,
		Train: dataset.NewGallery(training, dataset.Crop, o), Validation: dataset.NewGallery(validation, dataset.Crop, o),
	}, nil
}}

type rawFiles struct {
	root  string
	names []string
}

func (f rawFiles) Len() int          { return len(f.names) }
func (f rawFiles) Name(i int) string { return f.names[i] }
func (f rawFiles) Load(i int) (*picture.Planar, error) {
	file, err := os.Open(filepath.Join(f.root, f.names[i]))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var head struct{ C, H, W uint32 }
	if err := binary.Read(file, binary.LittleEndian, &head); err != nil {
		return nil, fmt.Errorf("%s: %w", f.names[i], err)
	}
	if head.C != 4 || head.H > 4096 || head.W > 4096 { // before anything is allocated
		return nil, fmt.Errorf("%s: %d channels of %dx%d pixels, want 4 of at most 4096x4096", f.names[i], head.C, head.W, head.H)
	}
	p := &picture.Planar{C: int(head.C), H: int(head.H), W: int(head.W), Values: make([]float32, head.C*head.H*head.W)}
	if err := binary.Read(file, binary.LittleEndian, p.Values); err != nil {
		return nil, fmt.Errorf("%s: %w", f.names[i], err)
	}
	return p, nil
}

// A data set in a custom file format.
func ExampleDigest() {
	dir, err := os.MkdirTemp("", "raw")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for i := range 20 {
		data, err := binary.Append(nil, binary.LittleEndian, []uint32{4, 16, 24})
		if err == nil {
			data, err = binary.Append(data, binary.LittleEndian, make([]float32, 4*16*24))
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.raw", i)), data, 0o666)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	set, err := dataset.Open(dataset.Options{Name: "raw", Root: dir, Side: 16, Formats: []dataset.Format{raw}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d and %d pictures of %d channels, digest %.8s\n", set.Train.Len(), set.Validation.Len(), set.Channels, set.Digest)
	// Output: 17 and 3 pictures of 4 channels, digest c4bcbaac
}
