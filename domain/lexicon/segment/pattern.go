package segment

func isUUID(text string) bool { return matches(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx") }

// IsTimestamp tells whether a folded word begins with a date and a time, as in RFC 3339.
func IsTimestamp(text string) bool {
	return len(text) >= len("2026-11-30t10:30") && matches(text[:len("2026-11-30t10:30")], "0000-00-00t00:00")
}

// matches compares a text with a pattern in which 0 stands for a digit and x for a hexadecimal one.
func matches(text, pattern string) bool {
	if len(text) != len(pattern) {
		return false
	}
	for i := range len(pattern) {
		c := text[i]
		digit := isDigitAt(text, i)
		switch pattern[i] {
		case '0':
			if !digit {
				return false
			}
		case 'x':
			if !digit && (c < 'a' || c > 'f') {
				return false
			}
		default:
			if c != pattern[i] {
				return false
			}
		}
	}
	return true
}
