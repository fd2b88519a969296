// Package models holds the trained models that come with the project, as pkg/shipped
// reads them: manifest.json lists them.
package models

import "embed"

// Files are the files of this folder.
//
//go:embed *
var Files embed.FS
