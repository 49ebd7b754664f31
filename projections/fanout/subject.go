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
	tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// EscapeToken encodes any text as one token of a subject. ASCII letters, digits, - and _ stay as they are; every other
// byte of its UTF-8 becomes = and two upper-case hexadecimal digits, as in ana=2Eb for ana.b; the empty text becomes =.
// Different texts give different tokens, which can be decoded. The exception is a text whose token would be longer than
// MaxTokenBytes: the token is truncated and ends in =~ and 32 digits of the text's SHA-256, so it is unique but cannot be
// decoded.
func EscapeToken(text string) string {
	if text == "" {
		return emptyToken
	}
	token := escape(text, '=', func(c byte) bool { return strings.IndexByte(tokenLetters, c) >= 0 })
	if len(token) <= MaxTokenBytes {
		return token
	}
	sum := sha256.Sum256([]byte(text))
	return token[:shortenedTo] + shortenedBy + hex.EncodeToString(sum[:16])
}

// escape replaces the bytes that are not kept by the mark and two hexadecimal digits.
func escape(text string, mark byte, kept func(c byte) bool) string {
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; kept(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%c%02X", mark, c)
		}
	}
	return b.String()
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
