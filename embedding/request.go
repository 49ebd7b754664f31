package embedding

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// failure is a request that brought no vectors.
type failure struct {
	kind  kind
	after time.Duration // how long the endpoint asks to be left alone
	text  string
}

// kind is what may help after a failure.
type kind int

const (
	passing       kind = iota // another attempt
	wrong                     // perhaps another attempt, perhaps other texts
	refused                   // other texts, or other settings
	misconfigured             // other settings
)

// Error says what happened, without the key or any text.
func (f *failure) Error() string { return f.text }

func (e *Endpoint) failf(kind kind, format string, args ...any) *failure {
	return &failure{kind: kind, text: fmt.Sprintf("%s: ", e.url) + fmt.Sprintf(format, args...)}
}

// ask sends one request; its error is always a *failure.
func (e *Endpoint) ask(ctx context.Context, texts []string) ([][]float32, error) {
	body, err := json.Marshal(map[string]any{"model": e.config.Model, "input": texts, "encoding_format": "float"})
	if err != nil {
		return nil, e.failf(misconfigured, "%v", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return nil, e.failf(misconfigured, "%v", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	if e.config.Key != "" {
		request.Header.Set("Authorization", "Bearer "+e.config.Key)
	}
	response, err := e.client.Do(request)
	if err != nil {
		return nil, e.unreached(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, e.status(response, len(texts) == 1 && texts[0] == probe)
	}
	most := int64(64<<10 + len(texts)*maxDimensions*maxDigits)
	answer, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	if err != nil {
		return nil, e.unreached(err)
	}
	if int64(len(answer)) > most {
		return nil, e.failf(wrong, "the answer is longer than %d bytes", most)
	}
	return e.vectors(answer, len(texts))
}

// unreached says why there was no whole answer.
func (e *Endpoint) unreached(err error) *failure {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // without the URL, which is named already
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return e.failf(passing, "no answer within %s", e.config.Timeout)
	}
	return e.failf(passing, "no whole answer: %v", err)
}

// status says what an answer other than 200 means. The endpoint's own words are told only where they cannot hold the text of a
// memory.
func (e *Endpoint) status(response *http.Response, telling bool) *failure {
	code := response.StatusCode
	said := func() string { return fmt.Sprintf("%d %s", code, http.StatusText(code)) + e.words(response.Body) }
	switch {
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable:
		f := e.failf(passing, "%d %s", code, http.StatusText(code))
		f.after = retryAfter(response.Header.Get("Retry-After"), time.Now())
		return f
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusConflict, code == http.StatusTooEarly:
		return e.failf(passing, "%d %s", code, http.StatusText(code))
	case code == http.StatusBadRequest, code == http.StatusRequestEntityTooLarge, code == http.StatusUnprocessableEntity:
		if telling {
			return e.failf(refused, "%s", said())
		}
		return e.failf(refused, "%d %s", code, http.StatusText(code))
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return e.failf(misconfigured, "%d %s: the API key must be one that the endpoint accepts", code, http.StatusText(code))
	case code == http.StatusNotFound:
		return e.failf(misconfigured, "%s: the URL must be that of an OpenAI-compatible API, and the model %q one that it has", said(), e.config.Model)
	case code >= 300 && code < 400:
		return e.failf(misconfigured, "%d %s: the URL must be the one that it redirects to", code, http.StatusText(code))
	}
	return e.failf(misconfigured, "%s", said())
}

// words returns the message of an error as OpenAI's protocol has it, on one line and without the key.
func (e *Endpoint) words(body io.Reader) string {
	const most = 200
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	data, err := io.ReadAll(io.LimitReader(body, 8<<10))
	if err != nil || json.Unmarshal(data, &answer) != nil {
		return ""
	}
	var object struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(answer.Error, &object) != nil && json.Unmarshal(answer.Error, &object.Message) != nil {
		return ""
	}
	message := strings.Join(strings.Fields(object.Message), " ")
	if e.config.Key != "" {
		message = strings.ReplaceAll(message, e.config.Key, "***")
	}
	if message == "" {
		return ""
	}
	return fmt.Sprintf(" (%.*s)", most, message)
}

// retryAfter reads the header, in seconds or as a date; 0 if it says nothing.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
