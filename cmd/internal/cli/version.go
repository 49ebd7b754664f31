package cli

// Version is `auren version`.
type Version struct{}

// Run prints the version that the build stamped.
func (*Version) Run(a *App) error {
	a.Stdout.Printf("auren %s\n", a.Version)
	return nil
}
