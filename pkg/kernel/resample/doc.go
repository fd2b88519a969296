// Package resample changes the size of images: nearest and bilinear resizing,
// average pooling and pixel shuffle, each with its gradient. These kernels
// transfer images and feature maps between the meshes of the multiscale method
// and between the resolutions of the UNet.
//
// A plane is one channel of one sample; planes = N*C. Sizes are in pixels.
package resample
