package config

import (
	"regexp"
	"strings"
)

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
