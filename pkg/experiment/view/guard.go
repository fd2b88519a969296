package view

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// guard rejects requests of other sites. A page of another site in a browser on this machine can send
// requests to the server, but the browser adds the site's Origin. A site that lets its name stand for this
// machine's address (DNS rebinding) has that name as the Host. So guard accepts only addresses, localhost,
// and the name in -addr as Host.
type guard struct {
	name  string // the host of -addr if it is a name, else ""
	port  string
	local bool // only this machine can connect
}

// newGuard returns the guard of a server with the -addr address that listens at the address at.
func newGuard(address string, at net.Addr) guard {
	var g guard
	host, port, err := net.SplitHostPort(at.String())
	if err == nil {
		g.port, g.local = port, isLoopback(host)
	}
	if given, _, err := net.SplitHostPort(address); err == nil {
		if _, err := netip.ParseAddr(given); err != nil {
			g.name = strings.ToLower(given)
		}
	}
	return g
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// shown returns the address for a browser.
func (g guard) shown() string {
	host := g.name
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, g.port)
}

// knows reports whether a Host stands for this server.
func (g guard) knows(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil { // without a port: the default one of HTTP
		name, port = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), "80"
	}
	if port != g.port {
		return false
	}
	if name = strings.ToLower(name); name == "localhost" || g.name != "" && name == g.name {
		return true
	}
	_, err = netip.ParseAddr(name)
	return err == nil && (!g.local || isLoopback(name))
}

// policy is the Content-Security-Policy: the page may only load what the program serves.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// protect rejects requests that come from other sites, and sets headers and deadlines of the others.
func (g guard) protect(next http.Handler) http.Handler {
	sameSite := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			h.Set(name, value)
		}
		c := http.NewResponseController(w)
		c.SetReadDeadline(time.Now().Add(headTime))
		c.SetWriteDeadline(time.Now().Add(answerTime))
		switch origin := r.Header.Get("Origin"); {
		case !g.knows(r.Host):
			http.Error(w, "this Host is not served here; open http://"+g.shown()+"/", http.StatusMisdirectedRequest)
		case origin != "" && origin != "http://"+r.Host || sameSite.Check(r) != nil:
			http.Error(w, "requests of other sites are refused", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}
