//go:build !linux

package standalone

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

func tieToParent(cmd *exec.Cmd) (release func(), err error) {
	return guard(cmd)
}

// runsPostgres tells whether pid is a living PostgreSQL: neither a zombie nor a stranger that was given
// the number of a dead one.
func runsPostgres(pid int) bool {
	answer, err := output("ps", "-p", strconv.Itoa(pid), "-o", "stat=,comm=")
	if err != nil {
		return false
	}
	state, name, _ := strings.Cut(answer, " ")
	name = filepath.Base(strings.TrimSpace(name))
	return !strings.HasPrefix(state, "Z") && (name == "postgres" || name == "postmaster")
}

// machineMemory is the memory of this machine in bytes; 0 when that is unknown.
func machineMemory() uint64 {
	for _, name := range []string{"hw.memsize", "hw.physmem"} { // macOS, the BSDs
		if answer, err := output("sysctl", "-n", name); err == nil {
			bytes, _ := strconv.ParseUint(answer, 10, 64)
			return bytes
		}
	}
	return 0
}
