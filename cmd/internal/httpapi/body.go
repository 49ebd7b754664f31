package httpapi

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// decode reads a body into the struct that s is the shape of. A body that is no JSON is malformed; everything else
// that is wrong with it is an error of kind Invalid that names the field. An empty body stands for {}.
func decode(s *shape, raw []byte, into any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		raw = []byte("{}")
	}
	body, err := canonjson.Parse(raw)
	if err != nil {
		return malformed(aboutBody(err))
	}
	canonical := body.Raw()
	if canonical[0] != '{' {
		return domain.Invalidf("", "the body is %s; an object is expected", kindOf(canonical))
	}
	return s.read(reflect.ValueOf(into).Elem(), canonical)
}

// aboutBody says that an error that names no field is one of the body as a whole.
func aboutBody(err error) error {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Field != "" {
		return err
	}
	return domain.Invalidf("", "the body %s", e.Message)
}

// readBody reads a body of JSON of at most limit bytes, within timeout.
func readBody(w http.ResponseWriter, r *http.Request, limit int64, timeout time.Duration) ([]byte, error) {
	if err := checkContentType(r.Header); err != nil {
		return nil, err
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	if r.ContentLength == 0 {
		return nil, nil
	}
	// A connection that cannot have a deadline, as in a test, does without.
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(timeout))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()

	var body bytes.Buffer
	// What is announced is not trusted beyond the size of an ordinary body.
	body.Grow(int(min(max(r.ContentLength, 512), 64<<10)) + bytes.MinRead)
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, limit)); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, tooLarge(limit)
		}
		return nil, malformed(domain.Invalidf("", "the body ends too early or comes too slowly"))
	}
	return body.Bytes(), nil
}

func checkContentType(h http.Header) error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return unsupported("Content-Encoding", "none but identity is allowed")
	}
	given := strings.Join(h["Content-Type"], ", ")
	if given == "" {
		return nil
	}
	media, parameters, err := mime.ParseMediaType(given)
	charset := parameters["charset"]
	if err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return unsupported("Content-Type", "application/json is expected")
	}
	return nil
}
