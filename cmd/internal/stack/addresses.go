package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/config"
)

// addresses are those that the parts of a running stack listen on; a configured port of 0 means any free one.
type addresses struct {
	HTTP string `json:"http"`
	NATS string `json:"nats"`
}

func addressesFile(dataDir string) string { return filepath.Join(dataDir, "addresses.json") }

// publishAddresses lets the other commands of this machine find the stack, for as long as it runs.
func (s *Stack) publishAddresses() error {
	if !s.Private {
		return nil // the data directory need not exist
	}
	raw, err := json.Marshal(addresses{HTTP: s.URL(), NATS: config.MaskSecrets(s.NATSURL)})
	if err != nil {
		return err
	}
	file := addressesFile(s.Config.DataDir)
	if err := os.WriteFile(file, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the addresses of the stack: %w", err)
	}
	s.lifecycle.add("addresses", func(context.Context) error {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	return nil
}

// readAddresses returns the addresses that the stack of a data directory published; empty if it published none. That
// stack may have been killed since.
func readAddresses(dataDir string) (at addresses) {
	raw, err := os.ReadFile(addressesFile(dataDir))
	if err == nil {
		_ = json.Unmarshal(raw, &at) // a damaged file counts as a missing one
	}
	return at
}

// NATSURL returns the configured server, else the one of the stack that runs from the data directory, else "".
func (s *Settings) NATSURL() string {
	if s.Config.NATSURL != "" {
		return string(s.Config.NATSURL)
	}
	if s.Config.DSN != "" {
		return ""
	}
	return readAddresses(s.Config.DataDir).NATS
}

// ServerURL returns the configured address of the HTTP API, or, if that is the default, the one of the stack that
// runs from the data directory.
func (s *Settings) ServerURL() string {
	if url := readAddresses(s.Config.DataDir).HTTP; url != "" && s.Config.DSN == "" && s.Config.HTTPAddr == config.DefaultHTTPAddr {
		return url
	}
	addr := s.Config.HTTPAddr
	for _, every := range []string{"0.0.0.0:", "[::]:", ":"} {
		if port, ok := strings.CutPrefix(addr, every); ok {
			return "http://127.0.0.1:" + port
		}
	}
	return "http://" + addr
}
