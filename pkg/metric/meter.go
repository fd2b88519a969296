package metric

import "multiscale/pkg/pixel"

// Meter collects, picture by picture, everything that a run reports about
// restored pictures. The zero Meter is ready. It is not safe for concurrent use.
type Meter struct {
	// MSE and SSIMSigned are on the normalised values, as in the paper and in
	// its authors' code. PSNR (dB) and SSIM are on [0,1], clamped.
	MSE, PSNR, SSIM, SSIMSigned []float64
}

// Add measures a batch of normalised pictures against what they should be. The
// scale says how the pictures were normalised.
func (m *Meter) Add(got, want []float32, shape pixel.Shape, scale pixel.Scale) {
	m.MSE = append(m.MSE, MSE(got, want, shape)...)
	m.SSIMSigned = append(m.SSIMSigned, SSIM(got, want, shape)...)
	g, w := scale.Pixels(pixel.Images{Shape: shape, Data: got}).Data, scale.Pixels(pixel.Images{Shape: shape, Data: want}).Data
	m.PSNR = append(m.PSNR, PSNR(g, w, shape)...)
	m.SSIM = append(m.SSIM, SSIM(g, w, shape)...)
}

// Summary is the mean over pictures of each measure.
type Summary struct {
	MSE, PSNR, SSIM, SSIMSigned float64
}

// Summary returns the means of what was added; NaN if nothing was.
func (m *Meter) Summary() Summary {
	return Summary{MSE: Mean(m.MSE), PSNR: Mean(m.PSNR), SSIM: Mean(m.SSIM), SSIMSigned: Mean(m.SSIMSigned)}
}
