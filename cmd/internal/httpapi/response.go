package httpapi

import (
	"net/http"
	"strconv"
)

// response remembers the status of an answer, and holds back what the mux itself says where nothing matches: that is
// plain text, and is answered as a problem instead.
type response struct {
	http.ResponseWriter
	request *http.Request
	// status of the answer; 0 before it has begun.
	status int
	// matched says that the answer is ours although no operation matched.
	matched bool
	// live says that the answer is a feed.
	live bool
}

// WriteHeader begins the answer.
func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	if w.ours() {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Write goes on with the answer.
func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.ours() {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *response) ours() bool { return w.matched || w.request.Pattern != "" }

// writeBody answers with a whole body.
func writeBody(w http.ResponseWriter, contentType string, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away does not get it
}
