package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Bytes is a size, written as in 512MiB.
type Bytes int64

// The units of a size.
const (
	KiB Bytes = 1 << 10
	MiB       = 1 << 10 * KiB
	GiB       = 1 << 10 * MiB
)

// UnmarshalText reads a number with KiB, MiB or GiB after it, or none for bytes.
func (b *Bytes) UnmarshalText(text []byte) error {
	digits, unit := strings.TrimSpace(string(text)), Bytes(1)
	for name, size := range map[string]Bytes{"KiB": KiB, "MiB": MiB, "GiB": GiB} {
		if number, ok := strings.CutSuffix(digits, name); ok {
			digits, unit = strings.TrimSpace(number), size
			break
		}
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if unit == 1 {
		n, err = strconv.ParseInt(digits, 10, 64)
	}
	if err != nil || n < 0 {
		return fmt.Errorf("%q is no size such as 512MiB or 1GiB", text)
	}
	*b = Bytes(n) * unit
	return nil
}

// String writes the size in the largest unit of which it is a whole number.
func (b Bytes) String() string {
	switch {
	case b >= GiB && b%GiB == 0:
		return fmt.Sprintf("%dGiB", b/GiB)
	case b >= MiB && b%MiB == 0:
		return fmt.Sprintf("%dMiB", b/MiB)
	case b >= KiB && b%KiB == 0:
		return fmt.Sprintf("%dKiB", b/KiB)
	}
	return strconv.FormatInt(int64(b), 10)
}

// MarshalText is String.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

func (b Bytes) within(least, most Bytes) error {
	if b < least || b > most {
		return fmt.Errorf("is %s; allowed are %s to %s", b, least, most)
	}
	return nil
}
