package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/auren-memory/auren/domain"
)

// checkHost refuses names on a loopback address. Whoever owns a name can point it at this machine, and a page under
// that name is then, for a browser, of the same origin as the API. A request without a Host is not a browser's.
func checkHost(r *http.Request) error {
	if r.Host == "" || namesNoOther(r.Host) {
		return nil
	}
	return &httpError{http.StatusMisdirectedRequest, "misdirected", "Misdirected Request",
		domain.Invalidf("Host", "must be an IP address or localhost on the loopback interface")}
}

// namesNoOther tells whether a host is an IP address or localhost, with or without a port.
func namesNoOther(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// isLoopback tells whether only this machine reaches an address.
func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
