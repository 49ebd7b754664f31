package migrations

import "slices"

// For the tests outside the package, which pgtest, importing it, forces on us.
var (
	Describe       = describe
	FormatManifest = formatManifest
	Tables         = slices.Concat(tables, readModels)
	Schema         = schema
)
