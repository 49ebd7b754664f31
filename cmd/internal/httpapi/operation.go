package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// operation is one method of one path.
type operation struct {
	method, path string
	// id names it in generated clients.
	id string
	// summary says what it does in one line, detail what there is to know besides.
	summary, detail string
	tag             string
	// status of success; default 200.
	status int
	// unready is a status that the same answer comes with where something fails; default none.
	unready int
	// example of the body.
	example string
	// bodyLimit in bytes; default maxBody.
	bodyLimit int64
	// matches says that If-Match has a meaning.
	matches bool
}

// The tags that the operations are grouped by.
const (
	tagCommands   = "commands"
	tagQueries    = "queries"
	tagAudit      = "audit"
	tagOperations = "operations"
)

// The sizes of bodies, in bytes. JSON may take up to three times of what it stands for when it is escaped.
const (
	maxBody      = 4 << 20  // a memory of the largest content
	maxBatchBody = 32 << 20 // a thousand memories of 9 kB
)

// call is one request to an operation, read and checked.
type call[P, B any] struct {
	caller
	// id is that of the path; nil where it has none.
	id     uuid.UUID
	params P
	body   B
}

// none stands for no parameters or no body.
type none struct{}

// answer is what an operation answers with.
type answer[R any] struct {
	body R
	// status; default that of the operation.
	status int
	// version goes into the ETag; 0 means none.
	version int
	// location of what was made; default none.
	location string
	// sequenceID up to which the answer reflects the log; 0 means none.
	sequenceID int64
}

// api collects the operations: each is served and described in one go.
type api struct {
	server *Server
	huma   huma.API
}

// register serves and describes an operation. Its parameters P, its body B and its answer R are structs whose tags say
// how they are read and described. Huma routes and describes; reading is our own, since an error has to name the field
// and a body must not be decoded twice (huma validates one decoding and uses another).
func register[P, B, R any](a *api, op operation, do func(context.Context, *call[P, B]) (answer[R], error)) {
	if op.status == 0 {
		op.status = http.StatusOK
	}
	if op.bodyLimit == 0 {
		op.bodyLimit = maxBody
	}
	described := describe(a.huma.OpenAPI(), op, reflect.TypeFor[P](), reflect.TypeFor[B](), reflect.TypeFor[R]())
	reads := reader[P, B]{op: op, params: shapeOf(reflect.TypeFor[P]()), server: a.server}
	if described.RequestBody != nil {
		reads.body = shapeOf(reflect.TypeFor[B]())
	}
	a.handle(described, func(w http.ResponseWriter, r *http.Request) error {
		c, err := reads.read(w, r)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(r.Context(), a.server.config.RequestTimeout)
		defer cancel()
		answered, err := do(ctx, c)
		if err != nil {
			if _, ok := asVersionConflict(err); ok && c.match.given {
				return preconditionFailed(err)
			}
			return err
		}
		return answered.write(w, op.status)
	})
}

// handle routes an operation to a function that answers it itself or returns an error, to be answered as a problem.
func (a *api) handle(op *huma.Operation, serve func(http.ResponseWriter, *http.Request) error) {
	a.huma.OpenAPI().AddOperation(op)
	a.huma.Adapter().Handle(op, func(c huma.Context) {
		r, w := humago.Unwrap(c)
		if err := serve(w, r); err != nil {
			a.server.refuse(w, r, err)
		}
	})
}

// reader reads the requests to one operation.
type reader[P, B any] struct {
	op     operation
	server *Server
	params *shape
	// body is nil where the operation takes none.
	body *shape
}

func (in *reader[P, B]) read(w http.ResponseWriter, r *http.Request) (*call[P, B], error) {
	c := &call[P, B]{}
	var err error
	if in.op.tag != tagOperations {
		if c.caller, err = readCaller(r.Header); err != nil {
			return nil, err
		}
		c.meta.Traceparent = traceparent(r.Context(), c.meta.Traceparent)
	}
	if strings.Contains(in.op.path, "{id}") {
		if c.id, err = parseUUID(r.PathValue("id")); err != nil {
			return nil, domain.Within("id", err)
		}
	}
	if err := readParameters(in.params, r.URL.RawQuery, &c.params); err != nil {
		return nil, err
	}
	if p, ok := any(&c.params).(interface{ check() error }); ok {
		if err := p.check(); err != nil {
			return nil, err
		}
	}
	if in.body == nil {
		if r.ContentLength != 0 {
			return nil, malformed(domain.Invalidf("", "a body is not expected here"))
		}
		return c, nil
	}
	raw, err := readBody(w, r, in.op.bodyLimit, in.server.config.BodyTimeout)
	if err != nil {
		return nil, err
	}
	return c, decode(in.body, raw, &c.body)
}

func (a *answer[R]) write(w http.ResponseWriter, status int) error {
	if a.status != 0 {
		status = a.status
	}
	body, err := encode(a.body)
	if err != nil {
		return err
	}
	h := w.Header()
	if a.version > 0 {
		h.Set("ETag", etag(a.version))
	}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.sequenceID > 0 {
		h.Set(headerSequenceID, strconv.FormatInt(a.sequenceID, 10))
	}
	writeBody(w, "application/json", status, body)
	return nil
}

// writeBody answers with a whole body. Whoever went away in the meantime does not get it.
func writeBody(w http.ResponseWriter, contentType string, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// encode writes JSON as people expect to see it, with < > & as they stand.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
