package fanout

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// Stream is the JetStream stream that holds the messages.
const Stream = "AUREN_EVENTS"

// subjects match all messages of the stream.
const subjects = "auren.evt.>"

// MaxTokenBytes is the maximum length of a token. A subject with an agent and a user of that length is well within the
// server's limit for a protocol line, 4 KiB; beyond that limit the server closes the connection.
const MaxTokenBytes = 1000

const (
	emptyToken   = "="
	shortenedTo  = MaxTokenBytes - len(shortenedBy) - 2*16
	shortenedBy  = "=~"
	upperHex     = "0123456789ABCDEF"
	tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// EscapeToken encodes any text as one token of a subject. ASCII letters, digits, - and _ stay as they are; every other
// byte of its UTF-8 becomes = and two upper-case hexadecimal digits, as in ana=2Eb for ana.b; the empty text becomes =.
// Different texts give different tokens, and UnescapeToken decodes them. The exception is a text whose token would be
// longer than MaxTokenBytes: the token is truncated and ends in =~ and 32 digits of the text's SHA-256, so it is unique
// but cannot be decoded.
func EscapeToken(text string) string {
	if text == "" {
		return emptyToken
	}
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; strings.IndexByte(tokenLetters, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'=', upperHex[c>>4], upperHex[c&15]})
		}
	}
	if b.Len() <= MaxTokenBytes {
		return b.String()
	}
	sum := sha256.Sum256([]byte(text))
	return b.String()[:shortenedTo] + shortenedBy + hex.EncodeToString(sum[:16])
}

// UnescapeToken returns the text of a token, or an error for one that EscapeToken does not write or has truncated.
func UnescapeToken(token string) (string, error) {
	if token == emptyToken {
		return "", nil
	}
	var b strings.Builder
	for i := 0; i < len(token); i++ {
		if token[i] != '=' {
			b.WriteByte(token[i])
			continue
		}
		if i+2 >= len(token) {
			return "", fmt.Errorf("subject token %q ends within an escape", token)
		}
		high, low := strings.IndexByte(upperHex, token[i+1]), strings.IndexByte(upperHex, token[i+2])
		if high < 0 || low < 0 {
			return "", fmt.Errorf("subject token %q holds %q, which is not an escape", token, token[i:i+3])
		}
		b.WriteByte(byte(high<<4 | low))
		i += 2
	}
	text := b.String()
	if EscapeToken(text) != token {
		return "", fmt.Errorf("subject token %q is not in the form that EscapeToken writes", token)
	}
	return text, nil
}

// Subject returns the subject of an event.
func Subject(e *eventstore.Event) string {
	return strings.Join([]string{
		"auren.evt", EscapeToken(string(e.Tenant)), EscapeToken(e.AgentID), EscapeToken(e.UserID), EscapeToken(e.Type),
	}, ".")
}

// Subjects returns the subject that matches a tenant's events of an agent, a user and a type; an empty one matches all.
func Subjects(tenant domain.Tenant, agent, user, eventType string) string {
	tokens := []string{"auren.evt", EscapeToken(string(tenant))}
	for _, text := range []string{agent, user, eventType} {
		token := "*"
		if text != "" {
			token = EscapeToken(text)
		}
		tokens = append(tokens, token)
	}
	return strings.Join(tokens, ".")
}

// tenantSubjects returns the subject that matches all events of a tenant.
func tenantSubjects(tenant domain.Tenant) string {
	return "auren.evt." + EscapeToken(string(tenant)) + ".>"
}
