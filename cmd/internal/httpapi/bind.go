package httpapi

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
)

// binder collects what is served: each route is served and described in one go. Huma routes and describes; reading is the
// api's own, since huma validates one decoding of a body and uses another.
type binder struct {
	huma       huma.API
	api        *api.Service
	operations Operations
	feeds      feeds
}

// bind serves and describes a route.
func (b *binder) bind(route Route) {
	if route.status == 0 {
		route.status = http.StatusOK
	}
	whole := decode.New(route.Request)
	rest := whole
	if route.OnMemory {
		rest = decode.New(route.Request, "id")
	}
	b.handle(describe(b.huma.OpenAPI(), route), func(w http.ResponseWriter, r *http.Request) error {
		c, err := readCaller(r)
		if err != nil {
			return err
		}
		condition, err := readMatch(r.Header)
		if err != nil {
			return err
		}
		admitted, err := b.api.Admit(c, route.Operation)
		if err != nil {
			return err
		}
		request := route.NewRequest()
		if route.OnMemory {
			if err := whole.Text("id", []string{r.PathValue("id")}, request); err != nil {
				return err
			}
		}
		if err := b.readRest(w, r, route, rest, request); err != nil {
			return err
		}
		if route.Streams {
			return b.feeds.serve(w, r, admitted, request)
		}
		if err := condition.apply(route, request); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		reply, err := admitted.Run(ctx, request)
		if err == nil {
			err = condition.check(route, reply)
		}
		if err != nil {
			return condition.failed(err)
		}
		return writeReply(w, route, reply)
	})
}

// readRest reads what does not stand in the path.
func (b *binder) readRest(w http.ResponseWriter, r *http.Request, route Route, rest *decode.Decoder, request any) error {
	if route.HasBody() {
		if err := noParameters(r); err != nil {
			return err
		}
		raw, err := readBody(w, r, route.MaxRequest)
		if err != nil {
			return err
		}
		return rest.JSON(raw, request)
	}
	if err := rest.Parameters(r.URL.RawQuery, request); err != nil {
		return err
	}
	if r.ContentLength != 0 {
		return decode.Malformed(domain.Invalidf("", "the request must have no body"))
	}
	return nil
}

// handle routes an operation to a function that answers it itself or returns an error, to be answered as a problem.
func (b *binder) handle(op *huma.Operation, serve func(http.ResponseWriter, *http.Request) error) {
	b.huma.OpenAPI().AddOperation(op)
	b.huma.Adapter().Handle(op, func(c huma.Context) {
		r, w := humago.Unwrap(c)
		if err := serve(w, r); err != nil {
			writeProblem(b.operations.Log, w, r, err)
		}
	})
}

func writeReply(w http.ResponseWriter, route Route, reply api.Reply) error {
	h := w.Header()
	if reply.Version > 0 {
		h.Set("ETag", etag(reply.Version))
	}
	if reply.SequenceID > 0 {
		h.Set(headerSequenceID, strconv.FormatInt(reply.SequenceID, 10))
	}
	if made, ok := reply.Body.(commands.Receipt); ok && route.status == http.StatusCreated {
		h.Set("Location", "/v1/memories/"+made.ID.String())
	}
	return writeJSON(w, route.status, reply.Body)
}

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
