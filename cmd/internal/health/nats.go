package health

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/projections/fanout"
)

// NATS is the state of the NATS server; zero if none is known.
type NATS struct {
	URL     string `json:"url,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// readNATS checks whether the relay can work; it returns the zero value if no server is known.
func readNATS(url string, connect func(url string) (*nats.Conn, error)) (h NATS) {
	if url == "" {
		return h
	}
	h.URL = config.MaskSecrets(url)
	conn, err := connect(url)
	if err != nil {
		h.Problem = err.Error()
		return h
	}
	defer conn.Close()
	hosts := config.NATSURL(url).Hosts()
	if err := conn.FlushTimeout(time.Second); err != nil {
		h.Problem = fmt.Sprintf("NATS (%s) does not answer: %s", hosts, config.MaskSecrets(err.Error()))
		return h
	}
	h.Problem = jetStreamProblem(conn, hosts)
	return h
}

// jetStreamProblem makes the relay's own request. A missing stream is no problem: the relay creates it.
func jetStreamProblem(conn *nats.Conn, hosts string) string {
	reply, err := conn.Request("$JS.API.STREAM.INFO."+fanout.Stream, nil, time.Second)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Sprintf("NATS (%s) has no JetStream; start nats-server with -js", hosts)
	case err != nil && errors.Is(conn.LastError(), nats.ErrPermissionViolation):
		return fmt.Sprintf("NATS (%s) does not let this account ask for the stream: %v", hosts, conn.LastError())
	case err != nil:
		return fmt.Sprintf("JetStream of NATS (%s) does not answer: %v", hosts, err)
	}
	var answer struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return fmt.Sprintf("JetStream of NATS (%s) sent an unexpected reply: %v", hosts, err)
	}
	if answer.Error != nil && answer.Error.ErrorCode != jetstream.JSErrCodeStreamNotFound {
		return fmt.Sprintf("JetStream of NATS (%s) refused to describe the stream: %s", hosts, answer.Error.Description)
	}
	return ""
}
