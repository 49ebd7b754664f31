// Package embedding turns texts into vectors whose cosine tells how close the texts are in meaning: with a model on this machine
// (Local), or by asking a server that speaks OpenAI's protocol (Endpoint).
package embedding

import (
	"context"
	"errors"
	"fmt"
)

// Embedder makes vectors with one model. It is safe for concurrent use.
type Embedder interface {
	// Model returns the model. An endpoint must have answered once for that: until then it is asked, and the error is that of
	// Embed.
	Model(ctx context.Context) (Model, error)
	// Embed returns a vector of length 1 for each text, in their order, all of the model's dimensions. It returns all or none:
	// ErrUnavailable, ErrMisconfigured, ErrRefused, or the error of ctx. It tries again by itself where that may help, for as
	// long as ctx and a few attempts allow.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Model identifies what made a vector. Vectors of different models must not be compared.
type Model struct {
	Name       string `json:"name"`
	Checksum   string `json:"checksum,omitempty"` // SHA-256 of the weights in hexadecimal digits; "" if an endpoint holds them
	Dimensions int    `json:"dimensions"`
}

// String names the model and how its vectors differ from those of others of that name.
func (m Model) String() string {
	if m.Checksum == "" {
		return fmt.Sprintf("%s (%d dimensions)", m.Name, m.Dimensions)
	}
	return fmt.Sprintf("%s (%d dimensions, SHA-256 %.12s)", m.Name, m.Dimensions, m.Checksum)
}

// BatchTexts is how many texts an endpoint is sent at once: a call for more makes several requests, and one that fails wastes the
// others.
const BatchTexts = 32

var (
	// ErrUnavailable means that the same call may succeed later, with nothing changed.
	ErrUnavailable = errors.New("no embeddings at present")
	// ErrMisconfigured means that no call succeeds until somebody changes a setting here or at the endpoint.
	ErrMisconfigured = errors.New("no embeddings with these settings")
	// ErrRefused means that the endpoint makes vectors, but never for at least one of these texts.
	ErrRefused = errors.New("no embedding of this text")
)
