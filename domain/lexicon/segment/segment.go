// Package segment brings texts into one form and cuts them into words by what their characters are, the same for all
// languages: it has no stop words, stems or terms.
//
// Normalize brings a text into one form, Fold a word of it. Segments cuts a token, which is a normalized text without ASCII
// white space, into words, runs of scripts without spaces, symbols and signs. Segment.Split takes a word apart that is a compound
// by its punctuation, its capitals or its digits.
//
// Results depend only on the text and on the versions of Unicode in the packages unicode and golang.org/x/text. No text is an
// error: Normalize replaces bytes that are not UTF-8 by U+FFFD. The time grows in proportion to the length of the text. All
// functions are safe for concurrent use.
package segment

// Kind tells what a segment is.
type Kind uint8

// The kinds of segments.
const (
	Word   Kind = iota // letters and digits, perhaps of several words joined by punctuation
	Dense              // a run of characters of a script without spaces between its words
	Symbol             // an emoji, a sequence of them or another symbol, a sign of currency or percentage beside a number
	Signs              // punctuation that is all there is, folded
)

// Segment is a part of a token.
type Segment struct {
	Kind Kind
	Text string // as typed, without Prefix and Suffix
	// Prefix and Suffix are signs before and after a Word that are part of its name: -rf, #tag, @ana, .NET; C++, C#.
	Prefix, Suffix string

	runs   []string // of letters and digits
	joints []string // between the runs
}
