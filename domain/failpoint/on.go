//go:build failpoints

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// The variables that arm a failpoint.
const (
	variable    = "AUREN_FAILPOINT"
	variablePID = "AUREN_FAILPOINT_PID"
)

// armed is the failpoint that the environment arms; the zero value never acts.
var armed = parse(os.Getenv(variable))

type arming struct {
	point Point
	nth   int64
	act   func()
	times atomic.Int64
}

// Reached acts if the environment arms this point, and otherwise returns at once. It is safe for concurrent use.
func Reached(p Point) {
	if p != armed.point || armed.times.Add(1) != armed.nth {
		return
	}
	fmt.Fprintf(os.Stderr, "failpoint %d reached\n", p)
	armed.act()
}

// parse panics if the text does not have the form point:nth:action: a fault test must not pass without its fault.
func parse(text string) *arming {
	if text == "" {
		return &arming{}
	}
	fields := strings.Split(text, ":")
	if len(fields) != 3 {
		panic(variable + " must be point:nth:action, e.g. 12:3:kill, got " + text)
	}
	a := &arming{point: Point(number(fields[0])), nth: int64(number(fields[1]))}
	switch fields[2] {
	case "kill":
		a.act = func() {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it takes effect
		}
	case "stop":
		a.act = func() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) }
	case "kill-postgres":
		pid := number(os.Getenv(variablePID))
		a.act = func() { _ = syscall.Kill(pid, syscall.SIGKILL) }
	default:
		panic(variable + " must name the action kill, stop or kill-postgres, got " + fields[2])
	}
	return a
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		panic(variable + " or " + variablePID + " must hold a number of 1 or more, got " + strconv.Quote(text))
	}
	return n
}
