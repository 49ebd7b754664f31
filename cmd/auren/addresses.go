package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// addresses are where the parts of a running stack are reached: the configured ports may be "any".
type addresses struct {
	HTTP string `json:"http"`
	NATS string `json:"nats"`
}

func addressesFile(dataDir string) string { return filepath.Join(dataDir, "addresses.json") }

// publishAddresses lets the other commands of this machine find the stack, for as long as it runs.
func (s *stack) publishAddresses(p *parts) error {
	if !s.private {
		return nil // the data directory need not exist
	}
	raw, err := json.Marshal(addresses{HTTP: s.url(), NATS: maskSecrets(s.natsURL)})
	if err != nil {
		return err
	}
	file := addressesFile(s.app.config.DataDir)
	if err := os.WriteFile(file, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the addresses of the stack: %w", err)
	}
	p.add("addresses", func(context.Context) error {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	return nil
}

// readAddresses returns those of the stack of a data directory; empty ones where none has said any. They may be
// those of a stack that was killed.
func readAddresses(dataDir string) (at addresses) {
	raw, err := os.ReadFile(addressesFile(dataDir))
	if err == nil {
		_ = json.Unmarshal(raw, &at) // what cannot be read says nothing
	}
	return at
}
