package httpapi

import "net/http"

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
