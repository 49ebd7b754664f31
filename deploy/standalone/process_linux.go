package standalone

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// tieToParent has the kernel interrupt the child when the calling thread ends. Go asks for it after the child
// has changed its account, which would undo it.
func tieToParent(cmd *exec.Cmd) (release func(), err error) {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
	return func() {}, nil
}

// runsPostgres tells whether pid is a living PostgreSQL: neither a zombie nor a stranger with the number of a dead one. It
// reads only what every account may read, since root in a container may lack the right to more.
func runsPostgres(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	// 4711 (postgres) S 1 …
	name, state, ok := strings.Cut(string(stat), ") ")
	if !ok || strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X") {
		return false
	}
	_, name, _ = strings.Cut(name, "(")
	return name == "postgres" || name == "postmaster"
}

// machineMemory is the memory in bytes that this process may use; 0 when that is unknown.
func machineMemory() uint64 {
	var total uint64
	info, _ := os.ReadFile("/proc/meminfo") // unknown is an answer
	if fields := strings.Fields(string(info)); len(fields) > 1 && fields[0] == "MemTotal:" {
		kib, _ := strconv.ParseUint(fields[1], 10, 64)
		total = kib << 10
	}
	limit, _ := os.ReadFile("/sys/fs/cgroup/memory.max")
	if bytes, err := strconv.ParseUint(strings.TrimSpace(string(limit)), 10, 64); err == nil && bytes < total {
		total = bytes
	}
	return total
}
