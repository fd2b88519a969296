package datasets

// Dataset is an entry of the manifest.
type Dataset struct {
	Name     string // as -data names it
	Title    string
	Page     string // the data set's web page
	Licence  string // as its authors state it
	Citation string
	Layout   string // what the installed folder contains

	// The archive is a .tar.gz. Programs may not fetch a data set without URL.
	URL          string
	Size         int64    // bytes; 0 if the server makes the archive anew for each download
	MD5, SHA256  string   // of the archive, in hex; empty if unknown
	MaxDownload  int64    // bytes, for an archive of unknown size
	MaxUnpacked  int64    // bytes of the whole unpacked archive
	MaxEntries   int      // entries of the whole archive
	Inside       string   // the folder of the archive to keep; "*" stands for any part
	Keep         []string // patterns of the file names to keep; empty keeps all
	Content      string   // digest of the unpacked files (see ContentDigest), in hex
	Instructions string   // for a data set without URL
}

const mib = 1 << 20

// Manifest lists the data sets.
//
// The checksums of CIFAR-10 and STL-10 are those that their authors and torchvision
// publish. BSDS500 and Urban100 come from repositories whose server makes a new archive
// for every download, so an archive has no stable checksum. Instead, all their pictures are
// checked against a digest of the pictures that this project was developed with.
var Manifest = []Dataset{
	{
		Name:        "cifar10",
		Title:       "CIFAR-10, binary version",
		Page:        "https://www.cs.toronto.edu/~kriz/cifar.html",
		Licence:     "none stated; freely distributed by its authors for research",
		Citation:    "A. Krizhevsky, Learning multiple layers of features from tiny images, technical report, University of Toronto, 2009",
		Layout:      "data_batch_1.bin to data_batch_5.bin and test_batch.bin, each 10,000 records of a label byte and 3 planes of 32x32",
		URL:         "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
		Size:        170_052_171,
		MD5:         "c32a1d4ab5d03f1284b67883e8d87530",
		SHA256:      "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
		MaxUnpacked: 200 * mib,
		MaxEntries:  100,
		Inside:      "cifar-10-batches-bin",
	},
	{
		Name:        "stl10",
		Title:       "STL-10, binary version",
		Page:        "https://cs.stanford.edu/~acoates/stl10/",
		Licence:     "none stated; the pictures come from ImageNet, for research",
		Citation:    "A. Coates, H. Lee, A. Y. Ng, An analysis of single-layer networks in unsupervised feature learning, AISTATS 2011",
		Layout:      "unlabeled_X.bin (100,000), train_X.bin (5,000) and test_X.bin (8,000), each picture 3 planes of 96x96, column by column",
		URL:         "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
		Size:        2_640_397_119,
		MD5:         "91f7769df0f17e558f3565bffb0c7dfb",
		MaxUnpacked: 3200 * mib,
		MaxEntries:  100,
		Inside:      "stl10_binary",
	},
	{
		Name:        "urban100",
		Title:       "Urban100, pairs for super-resolution by a factor of 2",
		Page:        "https://github.com/jbhuang0604/SelfExSR",
		Licence:     "none stated; photographs from Flickr, for research",
		Citation:    "J.-B. Huang, A. Singh, N. Ahuja, Single image super-resolution from transformed self-exemplars, CVPR 2015",
		Layout:      "img_001_SRF_2_HR.png and img_001_SRF_2_LR.png to img_100_...",
		URL:         "https://codeload.github.com/jbhuang0604/SelfExSR/tar.gz/8f6dd8c1d20cb7e8792a7177b4f6fd677633f598",
		MaxDownload: 4096 * mib,
		MaxUnpacked: 8192 * mib,
		MaxEntries:  100_000,
		Inside:      "*/data/Urban100/image_SRF_2",
		Keep:        []string{"*_HR.png", "*_LR.png"},
		Content:     "ba373d09d24d3a741d7403b5a675938748a077d19a75a7860c46b9934e7259f4",
	},
	{
		Name:        "bsds500",
		Title:       "BSDS500, pictures only",
		Page:        "https://github.com/BIDS/BSDS500",
		Licence:     "none stated; Berkeley's page says non-commercial research and education",
		Citation:    "P. Arbelaez, M. Maire, C. Fowlkes, J. Malik, Contour detection and hierarchical image segmentation, TPAMI 33(5), 2011",
		Layout:      "train/ (200), val/ (100) and test/ (200) of JPEGs, 481x321 or 321x481",
		URL:         "https://codeload.github.com/BIDS/BSDS500/tar.gz/refs/heads/master",
		MaxDownload: 1024 * mib,
		MaxUnpacked: 4096 * mib,
		MaxEntries:  100_000,
		Inside:      "*/BSDS500/data/images",
		Keep:        []string{"*.jpg"},
		Content:     "8e09f03815b475aaa663ee415151470cea2e43670cbccb792404dc11af6664f1",
	},
	{
		Name:     "celeba",
		Title:    "CelebA, aligned and cropped",
		Page:     "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
		Licence:  "non-commercial research only; may not be passed on",
		Citation: "Z. Liu, P. Luo, X. Wang, X. Tang, Deep learning face attributes in the wild, ICCV 2015",
		Layout:   "img_align_celeba/000001.jpg to 202599.jpg (178x218) and list_eval_partition.txt",
		Instructions: "agree to the terms on the page, download img_align_celeba.zip (folder Img) and list_eval_partition.txt (folder Eval), " +
			"and unpack the first beside the second",
	},
}

// Find returns the manifest's data set with this name, and whether there is one.
func Find(name string) (Dataset, bool) {
	for _, d := range Manifest {
		if d.Name == name {
			return d, true
		}
	}
	return Dataset{}, false
}
