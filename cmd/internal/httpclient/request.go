package httpclient

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/api/decode"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/domain/canonjson"
)

// newRequest makes the HTTP request of a call. Memory is the id that it names, "" if it names none.
func newRequest(ctx context.Context, base *url.URL, route httpapi.Route, caller api.Caller, raw []byte) (_ *http.Request, memory string, err error) {
	target, content := base.String()+route.Path, raw
	request, err := canonjson.Parse(raw)
	if err != nil || !request.IsObject() {
		if !route.HasBody() || route.OnMemory {
			return nil, "", decode.New(route.Request).JSON(raw, route.NewRequest())
		}
	} else {
		var query url.Values
		var rest *canonjson.Object
		memory, query, rest = split(request, decode.New(route.Request))
		if route.OnMemory {
			if memory == "" {
				return nil, "", decode.New(route.Request).JSON(raw, route.NewRequest())
			}
			target = strings.Replace(target, "{id}", url.PathEscape(memory), 1)
			content = rest.Done().Raw()
			query.Del("id")
		}
		if !route.HasBody() {
			// A URL leaves null out, which is not the same where null is refused.
			if err := decode.New(route.Request).JSON(raw, route.NewRequest()); err != nil && bytes.Contains(raw, []byte("null")) {
				return nil, "", err
			}
			content = nil
			if len(query) > 0 {
				target += "?" + query.Encode()
			}
		}
	}
	r, err := http.NewRequestWithContext(ctx, route.Method, target, bytes.NewReader(content))
	if err != nil {
		return nil, "", err
	}
	if content != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, memory, setHeaders(r, caller)
}

// split takes a request apart: the id, all members as parameters, and those but the id as an object.
func split(request canonjson.Value, d *decode.Decoder) (id string, query url.Values, rest *canonjson.Object) {
	query, rest = url.Values{}, canonjson.NewObject(nil)
	_ = request.Each(func(name string, value canonjson.Value) error {
		text, isText := value.Text()
		switch {
		case value.IsNull():
		case isText:
			query.Add(name, text)
		case d.IsList(name):
			_ = value.Items(func(_ int, item canonjson.Value) error {
				text, _ := item.Text()
				query.Add(name, text)
				return nil
			})
		default:
			query.Add(name, value.String())
		}
		if name == "id" {
			id = text
		} else {
			rest.Value(name, value)
		}
		return nil
	})
	return id, query, rest
}

func setHeaders(r *http.Request, caller api.Caller) error {
	if _, err := caller.Check(); err != nil {
		return err
	}
	for _, h := range httpapi.Headers() {
		value := *h.Of(&caller)
		if h.Field == "command_id" && strings.HasPrefix(value, `"`) {
			value = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
		}
		if value != "" {
			r.Header.Set(h.Name, value)
		}
	}
	return nil
}
