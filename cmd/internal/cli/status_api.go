package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/auren-memory/auren/cmd/internal/config"
)

// ServerHealth is what a server says of itself.
type ServerHealth struct {
	Ready bool   `json:"ready"`
	URL   string `json:"url"`
	// Problem is why it is not ready; empty where it is.
	Problem string `json:"problem,omitempty"`
	// Checks has for each part ok, or what is wrong with it.
	Checks map[string]string `json:"checks,omitempty"`
}

// askServer asks the server of this machine or container, and fails unless it is ready.
func (c *Status) askServer(ctx context.Context, a *App) error {
	h := ServerHealth{URL: a.ServerURL()}
	err := h.ask(ctx)
	if err != nil {
		h.Problem = config.MaskSecrets(err.Error())
	}
	h.Ready = err == nil
	if c.JSON {
		if err := a.Stdout.JSON(h); err != nil {
			return err
		}
	} else if h.Ready {
		a.Stdout.Printf("ready\n")
	}
	return err
}

func (h *ServerHealth) ask(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL+"/health/ready", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer answer.Body.Close()
	const enough = 1 << 20
	// Whatever else answers at that address may say something else: then the status has to do.
	if err := json.NewDecoder(io.LimitReader(answer.Body, enough)).Decode(h); err != nil && answer.StatusCode == http.StatusOK {
		return errors.New("what answers is no AUREN")
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s", errUnready, answer.Status)
	}
	return nil
}
