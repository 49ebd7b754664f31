package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Bytes is a size in bytes, written like 512MiB.
type Bytes int64

// The units of a size.
const (
	KiB Bytes = 1 << 10
	MiB       = 1 << 10 * KiB
	GiB       = 1 << 10 * MiB
)

// UnmarshalText reads a number followed by KiB, MiB or GiB; without a unit it is in bytes.
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
		return fmt.Errorf("must be a size, e.g. 512MiB or 1GiB, got %q", text)
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

var (
	urlSecret = regexp.MustCompile(`://[^\s/@]*@`)
	keySecret = regexp.MustCompile(`(?i)((?:password|token)\s*=\s*)(?:'(?:[^'\\]|\\.)*'|[^\s&]+)`)
)

// MaskSecrets is the last line of defence: it masks every password in an error, whatever part of a command line or of
// a driver's message that error repeats.
func MaskSecrets(text string) string {
	text = urlSecret.ReplaceAllStringFunc(text, func(found string) string {
		if found == "://user:password@" {
			return found // our own advice
		}
		return "://***@"
	})
	text = keySecret.ReplaceAllString(text, "${1}***")
	return strings.TrimSpace(text)
}
