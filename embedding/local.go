package embedding

import (
	"context"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/domain/encoder"
)

// Local is a model on this machine.
type Local struct {
	model   Model
	encoder *encoder.Encoder
	// questions and bulk hold a place for each core that may work for calls of few and of many texts. They are apart, so that
	// a question never waits for a batch.
	questions, bulk chan struct{}
}

const (
	// fewTexts is how many texts a question has at most.
	fewTexts = 2
	// chunkTexts is how many texts are encoded between two looks at whether the caller has given up.
	chunkTexts = 4
)

// OpenLocal reads the model in a directory. Its name is that of the directory.
func OpenLocal(dir string) (*Local, error) {
	e, err := encoder.Open(dir)
	if err != nil {
		return nil, err
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	cores := runtime.GOMAXPROCS(0)
	return &Local{
		model:     Model{Name: filepath.Base(path), Checksum: e.Checksum(), Dimensions: e.Dimensions()},
		encoder:   e,
		questions: make(chan struct{}, cores),
		bulk:      make(chan struct{}, max(1, cores/2)), // the rest is for everything else
	}, nil
}

// Model returns the model; its name is that of its directory.
func (l *Local) Model(context.Context) (Model, error) { return l.model, nil }

// Embed encodes texts on at most half of the cores, one or two texts on any.
func (l *Local) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	places := l.bulk
	if len(texts) <= fewTexts {
		places = l.questions
	}
	vectors := make([][]float32, len(texts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cap(places))
	for from := 0; from < len(texts); from += chunkTexts {
		to := min(from+chunkTexts, len(texts))
		group.Go(func() error {
			select {
			case places <- struct{}{}:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			defer func() { <-places }()
			if err := ctx.Err(); err != nil {
				return err
			}
			copy(vectors[from:to], l.encoder.Encode(texts[from:to]...))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return vectors, nil
}
