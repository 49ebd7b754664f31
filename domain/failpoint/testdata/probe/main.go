// Probe reaches a failpoint, and then prints that it passed.
package main

import (
	"fmt"

	"github.com/auren-memory/auren/domain/failpoint"
)

func main() {
	for range 3 {
		failpoint.Reached(failpoint.AppendBegun)
	}
	fmt.Println("passed")
}
