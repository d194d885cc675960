package front

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"time"
)

const (
	// patience is how long a request waits for an app that is being started again.
	patience = 3 * time.Second
	reach    = 2 * time.Second
)

var again = 50 * time.Millisecond

// visit is one request's way: the target that it is with.
type visit struct {
	at      *target
	reached bool
	failed  bool
}

type visitKey struct{}

// Proxy passes requests on.
type Proxy struct {
	routes    *Routes
	reverse   *httputil.ReverseProxy
	transport *http.Transport
}

// NewProxy makes one. Whoever connects is believed about where a request came from when `trust` says so: where only a
// proxy of this very server can connect.
func NewProxy(routes *Routes, trust bool) *Proxy {
	p := &Proxy{routes: routes, transport: transport()}
	p.reverse = &httputil.ReverseProxy{
		Rewrite:       func(request *httputil.ProxyRequest) { rewrite(request, trust) },
		Transport:     p,
		FlushInterval: -1,
		BufferPool:    &buffers{sync.Pool{New: func() any { return make([]byte, 32<<10) }}},
		ErrorHandler:  p.failed,
	}
	return p
}

func transport() *http.Transport {
	dialer := &net.Dialer{Timeout: reach, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp4", absolute(address))
		},
		MaxIdleConns:        1024,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true,
	}
}

// absolute keeps a container's name from being looked up in the domains of the server.
func absolute(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || strings.Contains(host, ".") || strings.Contains(host, ":") || host == "localhost" {
		return address
	}
	return net.JoinHostPort(host+".", port)
}

func rewrite(request *httputil.ProxyRequest, trust bool) {
	in, out := request.In, request.Out
	out.URL.Scheme, out.URL.Host, out.Host = "http", "app", in.Host
	if trust {
		out.Header["X-Forwarded-For"] = in.Header["X-Forwarded-For"]
	}
	request.SetXForwarded()
	for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto"} {
		if said := in.Header.Values(name); trust && len(said) > 0 {
			out.Header[name] = said
		}
	}
	if _, named := in.Header["User-Agent"]; !named {
		out.Header.Set("User-Agent", "") // else Go would name itself
	}
}

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &visit{}
	defer func() {
		if v.at != nil {
			p.routes.left(v.at, v.reached, v.failed)
		}
	}()
	p.reverse.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitKey{}, v)))
}

// RoundTrip finds the target. One that cannot be reached is left for another as long as nothing of the request has
// been sent; and where there is none, an app that is started again is waited for.
func (p *Proxy) RoundTrip(request *http.Request) (*http.Response, error) {
	v := request.Context().Value(visitKey{}).(*visit)
	body := &onceBody{ReadCloser: request.Body}
	if request.Body != nil && request.Body != http.NoBody {
		request.Body = body
	}
	until, tried := time.Now().Add(patience), map[*target]bool{}
	last := errors.New("nothing serves here yet")
	for {
		other := p.routes.other()
		v.at = p.routes.take(tried)
		if v.at == nil {
			if time.Now().After(until) || !pause(request.Context(), other) {
				return nil, last
			}
			tried = map[*target]bool{}
			continue
		}
		request.URL.Host = v.at.Address
		response, err := p.transport.RoundTrip(request)
		if err == nil {
			v.reached = true
			return response, nil
		}
		if !unreached(err) || body.begun() || request.Context().Err() != nil {
			v.reached, v.failed = true, request.Context().Err() == nil
			return nil, err
		}
		tried[v.at], last = true, err
		p.routes.left(v.at, false, false)
		v.at = nil
	}
}

// pause ends early when there are other routes.
func pause(ctx context.Context, other <-chan struct{}) bool {
	select {
	case <-time.After(again):
		return true
	case <-other:
		return true
	case <-ctx.Done():
		return false
	}
}

// unreached tells whether no connection came about.
func unreached(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func (p *Proxy) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // whoever asked has gone
	}
	log.Printf("%s %s: %v", r.Method, r.URL.Path, err)
	http.Error(w, "The app does not answer.", http.StatusBadGateway)
}

// onceBody is a request's body that may be given to another target while nobody has read of it. The transport closes
// what it could not send; this one is closed by the server, at the end of the request.
type onceBody struct {
	io.ReadCloser
	mutex sync.Mutex
	read  bool
}

func (b *onceBody) Read(data []byte) (int, error) {
	b.mutex.Lock()
	b.read = true
	b.mutex.Unlock()
	return b.ReadCloser.Read(data)
}

func (b *onceBody) Close() error { return nil }

func (b *onceBody) begun() bool {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.read
}

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte     { return b.pool.Get().([]byte) }
func (b *buffers) Put(data []byte) { b.pool.Put(data) }
