package httpapi

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/domain"
)

// readBody reads a body of JSON of at most limit bytes, within bodyTimeout.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if err := checkContentType(r.Header); err != nil {
		return nil, err
	}
	if r.ContentLength > limit {
		return nil, decode.TooLarge(limit)
	}
	if r.ContentLength == 0 {
		return nil, nil
	}
	// A connection that cannot have a deadline, as in a test, does without.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()

	var body bytes.Buffer
	// What is announced is not trusted beyond the size of an ordinary body.
	body.Grow(int(min(max(r.ContentLength, 512), 64<<10)) + bytes.MinRead)
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, decode.TooLarge(limit)
		}
		return nil, decode.Malformed(domain.Invalidf("", "the request must arrive whole and in time"))
	}
	return body.Bytes(), nil
}

func checkContentType(h http.Header) error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return unsupported("Content-Encoding", "must be identity, or be left out")
	}
	given := strings.Join(h["Content-Type"], ", ")
	if given == "" {
		return nil
	}
	media, parameters, err := mime.ParseMediaType(given)
	charset := parameters["charset"]
	if err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return unsupported("Content-Type", "must be application/json")
	}
	return nil
}

// noParameters refuses a query.
func noParameters(r *http.Request) error {
	return decode.New(reflect.TypeFor[struct{}]()).Parameters(r.URL.RawQuery, &struct{}{})
}
