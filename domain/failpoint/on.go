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

// The variables that say what happens where.
const (
	variable    = "AUREN_FAILPOINT"
	variablePID = "AUREN_FAILPOINT_PID"
)

// armed is what the environment says; the zero value never acts.
var armed = parse(os.Getenv(variable))

type arming struct {
	point Point
	nth   int64
	act   func()
	times atomic.Int64
}

// Reached acts where the environment says so, and returns at once everywhere else. It is safe for concurrent use.
func Reached(p Point) {
	if p != armed.point || armed.times.Add(1) != armed.nth {
		return
	}
	fmt.Fprintf(os.Stderr, "failpoint %d reached\n", p)
	armed.act()
}

// parse panics where the text is none of the form point:nth:action: a fault test must not pass for want of a fault.
func parse(text string) *arming {
	if text == "" {
		return &arming{}
	}
	fields := strings.Split(text, ":")
	if len(fields) != 3 {
		panic(variable + " is " + text + "; it looks like 12:3:kill")
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
		panic(variable + " names no action: " + fields[2])
	}
	return a
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		panic(variable + " or " + variablePID + " holds " + strconv.Quote(text) + " where a number should be")
	}
	return n
}
