// Package models embeds the trained models that come with the project. manifest.json lists
// them; package shipped reads it.
package models

import "embed"

// Files has the files of this folder.
//
//go:embed *
var Files embed.FS
