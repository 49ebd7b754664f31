package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/httpclient"
	"github.com/auren-memory/auren/cmd/internal/observe"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

const (
	batchSize = 500
	// catchUp is how long a projector may take for what was remembered.
	catchUp = 10 * time.Minute
)

// server is the AUREN that is asked, over HTTP.
type server struct {
	client *httpclient.Client
	caller api.Caller
	agent  string // of this run alone, so that a server can be used again
	fields map[string]any
	limit  int
	close  func() error
}

// open connects to the server of the command line, or to a private one that it starts.
func open(ctx context.Context, line *commandLine, errs *terminal.Screen) (*server, error) {
	tenant, err := domain.ParseTenant(line.Tenant)
	if err != nil {
		return nil, terminal.Usagef("--tenant (AUREN_TENANT): %w", err)
	}
	settings := &stack.Settings{Tenant: tenant, Version: version, Stderr: errs, Config: config.Config{
		URL: line.URL, Key: line.Key, HTTPAddr: "127.0.0.1:0", NATSAddr: "127.0.0.1:0", PoolSize: 20, MaxOverflow: 30,
		NATSReplicas: 1, NATSMaxAge: time.Hour, NATSMaxBytes: 64 * config.MiB,
	}}
	if err := settings.Config.Check(); err != nil {
		return nil, terminal.UsageError{Err: err}
	}
	if settings.Log, err = observe.NewLogger(errs, observe.LogConfig{Level: "warn", Terminal: errs.Colour}); err != nil {
		return nil, err
	}
	url, stop := line.URL, func() error { return nil }
	if url == "" {
		if url, stop, err = startPrivate(ctx, settings, line.DataDir); err != nil {
			return nil, errors.Join(err, stop())
		}
	}
	client, err := httpclient.Open(ctx, httpclient.Config{URL: url, Key: string(line.Key), Version: version})
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return &server{
		client: client, caller: api.Caller{Tenant: tenant, Actor: "auren-eval"}, agent: "eval-" + uuid.NewString(), fields: line.fields, limit: line.Limit,
		close: func() error { client.Close(); return stop() },
	}, nil
}

// startPrivate starts all of AUREN in a new directory below the data directory; stop ends it and removes all that it wrote, also
// after an error.
func startPrivate(ctx context.Context, settings *stack.Settings, dataDir string) (url string, stop func() error, err error) {
	stop = func() error { return nil }
	if dataDir, err = standalone.OpenDataDir(dataDir); err != nil {
		return "", stop, err
	}
	settings.Config.DataDir = filepath.Join(dataDir, "eval-"+uuid.NewString())
	lifecycle := stack.NewLifecycle(settings.Log)
	stop = func() error { return errors.Join(lifecycle.Stop(), os.RemoveAll(settings.Config.DataDir)) }
	started, err := settings.StartStack(ctx, lifecycle)
	if err != nil {
		return "", stop, err
	}
	return started.URL(), stop, nil
}

// evaluate remembers a set, waits until all of it can be found, and asks its questions one after the other.
func (s *server) evaluate(ctx context.Context, of *set, bar *terminal.Progress) (answers []answer, err error) {
	turns, questions, remembered := 0, 0, 0
	for _, c := range of.conversations {
		turns, questions = turns+len(c.Turns), questions+len(c.Questions)
	}
	var last int64
	refs := map[uuid.UUID]string{}
	for _, c := range of.conversations {
		for batch := range slices.Chunk(c.Turns, batchSize) {
			bar.Move("remember", int64(remembered), int64(turns), int64(remembered), "memories")
			if last, err = s.remember(ctx, of.name+" "+c.Name, batch, refs); err != nil {
				return nil, fmt.Errorf("conversation %s: %w", c.Name, err)
			}
			remembered += len(batch)
		}
	}
	bar.Move("remember", int64(turns), int64(turns), int64(turns), "memories")
	if err := s.wait(ctx, last); err != nil {
		return nil, err
	}
	for _, c := range of.conversations {
		for i, q := range c.Questions {
			bar.Move("ask", int64(len(answers)), int64(questions), int64(len(answers)), "questions")
			found, took, err := s.ask(ctx, of.name+" "+c.Name, q.asked, refs)
			if err != nil {
				return nil, fmt.Errorf("conversation %s, question %d: %w", c.Name, i+1, err)
			}
			answers = append(answers, newAnswer(c, i, found, took))
		}
	}
	return answers, nil
}

// remember sends a batch. It notes the turn of each memory and returns the sequence_id of the last.
func (s *server) remember(ctx context.Context, user string, turns []turn, refs map[uuid.UUID]string) (int64, error) {
	batch := make([]map[string]any, len(turns))
	for i, t := range turns {
		metadata := map[string]any{"speaker": t.Speaker, "said_at": t.at.Format(time.RFC3339), "ref": t.ID}
		if t.Session.String() != "" {
			metadata["session"] = t.Session
		}
		batch[i] = map[string]any{"agent_id": s.agent, "user_id": user, "content": t.content(), "occurred_at": t.at, "metadata": metadata}
	}
	reply, err := s.do(ctx, api.RememberBatch.Operation, map[string]any{"memories": batch})
	if err != nil {
		return 0, err
	}
	answer := reply.(api.RememberBatchAnswer)
	for i, result := range answer.Results {
		if result.Problem != nil {
			return 0, fmt.Errorf("turn %s: %s", turns[i].ID, result.Problem.Detail)
		}
		refs[result.ID] = turns[i].ID
	}
	return answer.SequenceID, nil
}

// wait returns when searches find all up to a sequence_id. A search waits some seconds itself.
func (s *server) wait(ctx context.Context, sequenceID int64) error {
	ctx, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	for {
		_, err := s.do(ctx, api.SearchMemories.Operation, map[string]any{"query": "ready", "agent_id": s.agent, "min_sequence_id": sequenceID})
		if domain.KindOf(err) != domain.Unavailable || ctx.Err() != nil {
			return err
		}
	}
}

// ask returns the turns that a question finds, the best first, and how long that took.
func (s *server) ask(ctx context.Context, user, question string, refs map[uuid.UUID]string) (found []string, took time.Duration, err error) {
	request := map[string]any{"query": question, "agent_id": s.agent, "user_id": user, "limit": s.limit}
	maps.Copy(request, s.fields)
	began := time.Now()
	reply, err := s.do(ctx, api.SearchMemories.Operation, request)
	took = time.Since(began)
	if err != nil {
		return nil, 0, err
	}
	for _, hit := range reply.(queries.SearchResult).Hits {
		ref, ok := refs[hit.Memory.ID]
		if !ok {
			return nil, 0, fmt.Errorf("found memory %s, which is not of this run", hit.Memory.ID)
		}
		found = append(found, ref)
	}
	return found, took, nil
}

func (s *server) do(ctx context.Context, op *api.Operation, request any) (any, error) {
	raw, err := api.Encode(request)
	if err != nil {
		return nil, err
	}
	reply, err := s.client.Do(ctx, s.caller, op, raw)
	return reply.Body, err
}
