package migrations

// For the tests outside the package, which pgtest, importing it, forces on us.
var (
	Describe       = describe
	FormatManifest = formatManifest
	Tables         = tables
	Schema         = schema
)
