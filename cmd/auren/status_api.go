package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/config"
)

// serverHealth is what a server says of itself.
type serverHealth struct {
	Ready bool   `json:"ready"`
	URL   string `json:"url"`
	// Problem is why it is not ready; empty where it is.
	Problem string `json:"problem,omitempty"`
	// Checks has for each part ok, or what is wrong with it.
	Checks map[string]string `json:"checks,omitempty"`
}

// askServer asks the server of this machine or container, and fails unless it is ready.
func (c *statusCommand) askServer(ctx context.Context, a *app) error {
	h := serverHealth{URL: a.serverURL()}
	err := h.ask(ctx)
	if err != nil {
		h.Problem = maskSecrets(err.Error())
	}
	h.Ready = err == nil
	if c.JSON {
		if err := a.stdout.json(h); err != nil {
			return err
		}
	} else if h.Ready {
		a.stdout.printf("ready\n")
	}
	return err
}

// serverURL is where a server is configured to serve, or, where nothing is said of that, the stack of the data directory does.
func (a *app) serverURL() string {
	if url := readAddresses(a.config.DataDir).HTTP; url != "" && a.config.DSN == "" && a.config.HTTPAddr == config.DefaultHTTPAddr {
		return url
	}
	addr := a.config.HTTPAddr
	for _, every := range []string{"0.0.0.0:", "[::]:", ":"} {
		if port, ok := strings.CutPrefix(addr, every); ok {
			return "http://127.0.0.1:" + port
		}
	}
	return "http://" + addr
}

func (h *serverHealth) ask(ctx context.Context) error {
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
