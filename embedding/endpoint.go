package embedding

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// EndpointConfig names a server of embeddings and bounds what is asked of it.
type EndpointConfig struct {
	// URL is where the server's API begins, as in http://127.0.0.1:8080/v1; "/v1" is added where there is no path.
	URL string
	// Model is the name by which the server knows the model.
	Model string
	// Key is sent as a bearer token; default none.
	Key string
	// Timeout bounds one request; default 30 seconds.
	Timeout time.Duration
	// Attempts is how often a batch is sent at most; default 4.
	Attempts int
	// Pause is how long the second attempt waits; each further one waits twice as long, at most a minute. Default half a second.
	Pause time.Duration
}

// Endpoint asks a server that speaks OpenAI's protocol for embeddings, such as those of TEI, vLLM, Ollama or llama.cpp.
type Endpoint struct {
	config EndpointConfig
	url    string
	client *http.Client

	mu         sync.Mutex
	dimensions int // 0 until it has answered
}

const (
	// maxText is how many bytes of a text are sent: the largest number of tokens that common models take, each at least a byte.
	maxText = 8000
	// maxConnections bounds the requests at the same time.
	maxConnections = 8
	maxPause       = time.Minute
	// probe is a text that every model must be able to embed.
	probe = "a test"
)

// NewEndpoint makes an endpoint without asking it for anything. The caller closes it.
func NewEndpoint(config EndpointConfig) (*Endpoint, error) {
	base, err := url.Parse(config.URL)
	if err != nil || base.Host == "" {
		return nil, errors.New("the URL of the endpoint must be an http or https URL, e.g. http://127.0.0.1:8080/v1")
	}
	if strings.Trim(base.Path, "/") == "" {
		base = base.JoinPath("v1")
	}
	if !strings.HasSuffix(base.Path, "/embeddings") {
		base = base.JoinPath("embeddings")
	}
	config.Timeout = cmp.Or(config.Timeout, 30*time.Second)
	config.Attempts = cmp.Or(config.Attempts, 4)
	config.Pause = cmp.Or(config.Pause, 500*time.Millisecond)

	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = maxConnections, maxConnections
	return &Endpoint{config: config, url: base.String(), client: &http.Client{
		Transport: transport, Timeout: config.Timeout,
		// A redirected POST would become a GET, or take the texts to a server that nobody named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close closes the connections that are kept for the next request.
func (e *Endpoint) Close() { e.client.CloseIdleConnections() }

// Model returns the model, asking for a vector if the endpoint has never answered.
func (e *Endpoint) Model(ctx context.Context) (Model, error) {
	if e.known() == 0 {
		if _, err := e.Embed(ctx, []string{probe}); err != nil {
			return Model{}, err
		}
	}
	return Model{Name: e.config.Model, Dimensions: e.known()}, nil
}

func (e *Endpoint) known() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.dimensions
}

// Embed sends the texts in batches; what is beyond the first 8,000 bytes of a text is not sent.
func (e *Endpoint) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, 0, len(texts))
	for len(texts) > 0 {
		batch := make([]string, min(len(texts), BatchTexts))
		for i := range batch {
			batch[i] = shorten(texts[i])
		}
		more, err := e.retry(ctx, batch)
		if err != nil {
			return nil, err
		}
		vectors, texts = append(vectors, more...), texts[len(batch):]
	}
	return vectors, nil
}

// shorten makes a text one that every endpoint takes: valid UTF-8, not too long, not empty.
func shorten(text string) string {
	if len(text) > maxText {
		end := maxText
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	if text = strings.ToValidUTF8(text, "\ufffd"); strings.TrimSpace(text) == "" {
		return "." // an empty text is refused by most
	}
	return text
}

// retry sends a batch until it is answered, is refused, or there is no time for another attempt.
func (e *Endpoint) retry(ctx context.Context, batch []string) ([][]float32, error) {
	pause := e.config.Pause
	for attempt := 1; ; attempt++ {
		vectors, err := e.ask(ctx, batch)
		if err == nil {
			return vectors, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		failed, _ := errors.AsType[*failure](err)
		wait := min(max(pause/2+rand.N(pause), failed.after), maxPause) //nolint:gosec // jitter, not a secret
		deadline, bounded := ctx.Deadline()
		switch {
		case failed.kind == misconfigured:
			return nil, fmt.Errorf("%w: %w", ErrMisconfigured, err)
		case failed.kind == refused || failed.kind == wrong && attempt >= e.config.Attempts:
			return nil, e.blame(ctx, batch, failed)
		case attempt >= e.config.Attempts || bounded && time.Until(deadline) < wait:
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
		pause = min(2*pause, maxPause)
	}
}

// blame tells whether the texts are to blame for a failure, or whether the endpoint fails with any text.
func (e *Endpoint) blame(ctx context.Context, batch []string, failed *failure) error {
	_, err := e.ask(ctx, []string{probe})
	if err == nil {
		if len(batch) == 1 && batch[0] == probe {
			return fmt.Errorf("%w: %w", ErrUnavailable, failed)
		}
		return fmt.Errorf("%w: %w", ErrRefused, failed)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if again, _ := errors.AsType[*failure](err); again.kind == refused || again.kind == misconfigured {
		return fmt.Errorf("%w: %w", ErrMisconfigured, err)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
