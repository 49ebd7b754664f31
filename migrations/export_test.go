package migrations

import "slices"

// For the tests outside the package, which pgtest, importing it, forces on us.
var (
	Describe = describe
	Tables   = slices.Concat(tables, readModels)
	Schema   = schema
)
