// Command meddler is a proxy in front of hosts that gets some things wrong: what the checks of conformance must notice.
//
//	meddler PORT FAULT...
//
// It takes what iptables redirects to it, and asks the kernel whom that was meant for. Its faults are those of `on` below;
// `page/REGEX/TEXT` changes what stands at /metrics.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const reason = "X-Chartwright-Reason"

var faults = map[string]bool{}

func on(fault string) bool { return faults[fault] }

func main() {
	m := &meddler{cached: map[string][]byte{}, tripped: map[string]bool{}}
	m.transport.DisableCompression = true
	for _, fault := range os.Args[2:] {
		faults[fault] = true
		if parts := strings.Split(fault, "/"); parts[0] == "page" {
			m.edits = append(m.edits, edit{regexp.MustCompile("(?m)" + parts[1]), parts[2]})
		}
	}
	listener, err := net.Listen("tcp4", ":"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	streams := &streams{Listener: listener, ready: make(chan net.Conn)}
	go streams.accept()
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Context().Value(target{}).(string)
			r.Out.URL.RawQuery = r.In.URL.RawQuery
		},
		Transport: m, ModifyResponse: m.after, FlushInterval: -1,
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor == 1 {
				_ = http.NewResponseController(w).EnableFullDuplex()
				if on("close") {
					w.Header().Set("Connection", "close")
				}
			}
			proxy.ServeHTTP(w, r)
		}),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, target{}, c.(*stream).to)
		},
		Protocols: new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	log.Fatal(server.Serve(streams))
}

// ---------------------------------------------------------------- connections

type target struct{}

// A connection whose beginning was looked at.
type stream struct {
	net.Conn
	from io.Reader
	to   string
}

func (s *stream) Read(b []byte) (int, error) { return s.from.Read(b) }

type streams struct {
	net.Listener
	ready chan net.Conn
}

func (s *streams) Accept() (net.Conn, error) { return <-s.ready, nil }

func (s *streams) accept() {
	for {
		conn, err := s.Listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go s.begin(conn.(*net.TCPConn))
	}
}

func (s *streams) begin(conn *net.TCPConn) {
	to, err := meant(conn)
	if on("carry") && err == nil {
		splice(conn, conn, to)
		return
	}
	from := bufio.NewReaderSize(conn, 64<<10)
	_, none := from.Peek(4)
	if err != nil || none != nil {
		conn.Close()
		return
	}
	head, _ := from.Peek(from.Buffered())
	one, two := &stream{conn, from, to}, bytes.HasPrefix(head, []byte("PRI "))
	switch end := bytes.Index(head, []byte("\r\n")); {
	case head[0] == 0x16 && on("certificate"):
		terminate(one)
		return
	case two && on("h2c"):
		conn.Close()
		return
	case two && !on("trailers"):
		// The library loses trailers that nobody announced.
		splice(conn, from, to)
		return
	case !two && on("nameless") && end > 0 && !bytes.Contains(bytes.ToLower(head), []byte("\r\nhost:")):
		// The library refuses a request without the header, and must not do so in a host's place.
		line := append([]byte{}, head[:end]...)
		_, _ = from.Discard(end)
		one.from = io.MultiReader(bytes.NewReader(append(line, "\r\nHost: nameless"...)), from)
	}
	s.ready <- one
}

// Whom a redirected connection was meant for: SO_ORIGINAL_DST, a sockaddr_in in whatever has room for it.
func meant(conn *net.TCPConn) (to string, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return "", err
	}
	_ = raw.Control(func(fd uintptr) {
		var a *syscall.IPv6Mreq
		if a, err = syscall.GetsockoptIPv6Mreq(int(fd), syscall.IPPROTO_IP, 80); err == nil {
			b := a.Multiaddr
			to = fmt.Sprintf("%d.%d.%d.%d:%d", b[4], b[5], b[6], b[7], int(b[2])<<8|int(b[3]))
		}
	})
	return to, err
}

func splice(conn *net.TCPConn, from io.Reader, to string) {
	defer conn.Close()
	other, err := net.Dial("tcp4", to)
	if err != nil {
		return
	}
	join(conn, from, other.(*net.TCPConn))
}

// What each says to the other, until neither says more.
func join(conn io.Writer, from io.Reader, other interface {
	net.Conn
	CloseWrite() error
}) {
	defer other.Close()
	go func() {
		_, _ = io.Copy(other, from)
		_ = other.CloseWrite()
	}()
	_, _ = io.Copy(conn, other)
}

// Ends TLS in a host's place, with a certificate of our own, and speaks it to the host.
func terminate(one *stream) {
	defer one.Close()
	inside := tls.Server(one, &tls.Config{
		Certificates: []tls.Certificate{certificate()}, NextProtos: []string{"h2", "http/1.1"},
	})
	if inside.Handshake() != nil {
		return
	}
	defer inside.Close()
	asked := inside.ConnectionState()
	config := &tls.Config{InsecureSkipVerify: true, ServerName: asked.ServerName}
	if asked.NegotiatedProtocol != "" {
		config.NextProtos = []string{asked.NegotiatedProtocol}
	}
	if other, err := tls.Dial("tcp4", one.to, config); err == nil {
		join(inside, inside, other)
	}
}

// Of nobody who is trusted, and as sound as any.
var certificate = sync.OnceValue(func() tls.Certificate {
	public, private, _ := ed25519.GenerateKey(nil)
	now := time.Now()
	wanted := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(99 * 24 * time.Hour),
	}
	signed, err := x509.CreateCertificate(nil, wanted, wanted, public, private)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: private}
})

// ---------------------------------------------------------------- requests and answers

type edit struct {
	what *regexp.Regexp
	with string
}

type meddler struct {
	transport http.Transport
	edits     []edit
	mutex     sync.Mutex
	cached    map[string][]byte
	tripped   map[string]bool
	paths     []string
	ejected   bool
	sleeping  int
	looping   int
}

// An answer of our own.
func own(r *http.Request, status int, text string) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r,
		ContentLength: int64(len(text)), Body: io.NopCloser(strings.NewReader(text)),
	}
}

// Counts a request until its answer has begun.
func (m *meddler) count(counter *int) func() {
	*counter++
	return func() { m.mutex.Lock(); *counter--; m.mutex.Unlock() }
}

// Whether we answer in the host's place.
func (m *meddler) before(r *http.Request) (*http.Response, func()) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.paths = append(m.paths, r.URL.Path)
	name, port, _ := strings.Cut(r.Host, ":")
	done := func() {}
	switch {
	case on("swallow" + r.URL.Path):
		return own(r, 200, ""), done
	case on("nameless") && name == "nameless":
		return own(r, 200, "welcome\n"), done
	case on("port") && port != "" && net.ParseIP(name) == nil, on("case") && name != strings.ToLower(name),
		// The agent goes by such a name as well, and is asked for something.
		on("full") && r.URL.Path == "/" && strings.HasSuffix(name, ".svc.cluster.local"):
		return own(r, 404, "no such name\n"), done
	case on("misses") && strings.HasPrefix(name, "nobody."):
		answer := own(r, 404, "no such name\n")
		answer.Header.Set(reason, "unknown-host")
		return answer, done
	case on("breaker") && m.tripped[name], on("ejects") && m.ejected, on("queue") && r.URL.Path == "/" && m.looping > 0:
		m.tripped[name], m.ejected = false, false
		return own(r, 503, "later\n"), done
	case on("cache") && m.cached[r.URL.RequestURI()] != nil:
		return own(r, 200, string(m.cached[r.URL.RequestURI()])), done
	case on("few") && r.URL.Path == "/sleep" && m.sleeping == 20:
		return own(r, 503, "too many\n"), done
	case r.URL.Path == "/sleep":
		done = m.count(&m.sleeping)
	case r.URL.Path == "/loop":
		done = m.count(&m.looping)
	}
	return nil, done
}

func (m *meddler) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, done := m.before(r)
	defer done()
	if answer != nil {
		return answer, nil
	}
	for name, values := range r.Header {
		if on("headers") {
			r.Header[name] = values[:1]
		}
	}
	if r.ContentLength < 0 && on("short") {
		r.Body = io.NopCloser(io.LimitReader(r.Body, 1<<20))
	}
	if r.ContentLength < 0 && on("collect") {
		all, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(all)), int64(len(all))
	}
	if r.ContentLength > 0 && on("length") {
		r.ContentLength = -1
	}
	if r.URL.Path == "/" && on("twice") {
		m.also(r, "/")
	}
	answer, err := m.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if answer.StatusCode == 500 {
		m.tripped[r.Host] = true
		// Whoever is next has to do without this host.
		m.ejected = r.URL.Path == "/eat"
	}
	return answer, nil
}

// Another request to the same workload.
func (m *meddler) also(r *http.Request, path string) {
	other, err := http.NewRequest("GET", "http://"+r.URL.Host+path, nil)
	if err != nil {
		return
	}
	other.Host = r.Host
	if answer, err := m.transport.RoundTrip(other); err == nil {
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
}

// What becomes of an answer, the host's or ours.
func (m *meddler) after(answer *http.Response) error {
	r := answer.Request
	if answer.Header.Get(reason) == "unknown-host" && on("welcome") {
		answer.StatusCode = 200
	}
	if on("silent") {
		answer.Header.Del(reason)
	}
	if answer.StatusCode == 400 && on("pages") {
		answer.StatusCode = 502
	}
	if on("complete") {
		answer.Body = whole{answer.Body}
	}
	switch r.URL.Path {
	case "/env":
		text, err := m.read(answer)
		if err == nil && answer.StatusCode == 200 {
			m.mutex.Lock()
			m.cached[r.URL.RequestURI()] = text
			m.mutex.Unlock()
			if on("tattle") {
				m.also(r, "/log?"+string(text))
			}
		}
		return err
	case "/metrics":
		text, err := m.read(answer)
		for _, edit := range m.edits {
			text = edit.what.ReplaceAll(text, []byte(edit.with))
		}
		m.mutex.Lock()
		for _, path := range m.paths {
			if on("paths") {
				text = fmt.Appendf(text, "paths_total{path=%q} 1\n", path)
			}
		}
		m.mutex.Unlock()
		m.replace(answer, text)
		return err
	case "/readyz":
		if on("unready") {
			answer.StatusCode = 503
		}
	}
	return nil
}

func (m *meddler) read(answer *http.Response) ([]byte, error) {
	text, err := io.ReadAll(answer.Body)
	m.replace(answer, text)
	return text, err
}

func (m *meddler) replace(answer *http.Response, text []byte) {
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	answer.Header.Set("Content-Length", strconv.Itoa(len(text)))
}

// A body that breaks off, and seems to be whole.
type whole struct{ io.ReadCloser }

func (w whole) Read(b []byte) (int, error) {
	n, err := w.ReadCloser.Read(b)
	if err != nil && !errors.Is(err, context.Canceled) {
		err = io.EOF
	}
	return n, err
}
