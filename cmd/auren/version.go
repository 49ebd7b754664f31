package main

type versionCommand struct{}

// Run prints the version that the build stamped.
func (*versionCommand) Run(a *app) error {
	a.stdout.printf("auren %s\n", version)
	return nil
}
