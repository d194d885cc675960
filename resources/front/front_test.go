package front

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// app is a version that names itself.
func app(t *testing.T, name string, serve http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Version", name)
		if serve != nil {
			serve(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", name, body)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// nowhere is an address at which nobody listens.
func nowhere(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func door(t *testing.T, trust bool, targets ...Target) (*Routes, *httptest.Server) {
	t.Helper()
	routes, err := Open(filepath.Join(t.TempDir(), "routes.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(targets) > 0 {
		put(t, routes, targets...)
	}
	server := httptest.NewServer(NewProxy(routes, trust))
	t.Cleanup(server.Close)
	return routes, server
}

func put(t *testing.T, routes *Routes, targets ...Target) {
	t.Helper()
	if err := routes.Put(targets); err != nil {
		t.Fatal(err)
	}
}

func answer(t *testing.T, request *http.Request) string {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(response.StatusCode, " ", string(body))
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, _ := http.NewRequest("GET", url, nil)
	return answer(t, request)
}

func TestNoRequestIsLostWhileVersionsChange(t *testing.T) {
	one, two := app(t, "one", nil), app(t, "two", nil)
	routes, server := door(t, false, Target{one, 1})
	var asked, lost atomic.Int64
	var all sync.WaitGroup
	stop := make(chan struct{})
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				response, err := http.Post(server.URL, "text/plain", strings.NewReader("body"))
				asked.Add(1)
				if err != nil {
					lost.Add(1)
					continue
				}
				body, _ := io.ReadAll(response.Body)
				response.Body.Close()
				if response.StatusCode != 200 || !strings.HasSuffix(string(body), " body") {
					lost.Add(1)
				}
			}
		}()
	}
	for i := 0; i < 50 || asked.Load() < 500; i++ {
		before, now := one, two
		if i%2 == 1 {
			before, now = two, one
		}
		put(t, routes, Target{now, 1})
		if busy := routes.Busy(before, 10*time.Second); busy != 0 {
			t.Errorf("%d requests never ended", busy)
		}
		// from here on nothing may come to the one before
		served := requests(routes, before)
		if routes.Busy(before, 0) != 0 || requests(routes, before) != served {
			t.Error("a request came after the switch")
		}
	}
	close(stop)
	all.Wait()
	if lost.Load() > 0 {
		t.Errorf("%d of %d requests were lost", lost.Load(), asked.Load())
	}
}

func requests(routes *Routes, address string) int64 {
	for _, one := range routes.Status() {
		if one.Address == address {
			return one.Requests
		}
	}
	return 0
}

func TestWhatCannotBeReachedIsLeftForAnotherWithTheWholeBody(t *testing.T) {
	routes, server := door(t, false, Target{nowhere(t), 5}, Target{app(t, "two", nil), 0})
	for i := 0; i < 3; i++ {
		request, _ := http.NewRequest("POST", server.URL, strings.NewReader(strings.Repeat("x", 100_000)))
		if said := answer(t, request); said != "200 two "+strings.Repeat("x", 100_000) {
			t.Errorf("%.40s", said)
		}
	}
	if errors := routes.Status()[0].Errors; errors != 0 {
		t.Errorf("%d errors", errors)
	}
}

func TestAnAppThatComesBackIsWaitedForAndOneThatDoesNotIsTold(t *testing.T) {
	routes, server := door(t, false)
	said := make(chan string)
	go func() { said <- get(t, server.URL) }()
	select {
	case early := <-said:
		t.Fatalf("answered without an app: %s", early)
	case <-time.After(100 * time.Millisecond):
	}
	put(t, routes, Target{app(t, "late", nil), 1})
	if found := <-said; found != "200 late " {
		t.Error(found)
	}
	put(t, routes, Target{nowhere(t), 1})
	if found := get(t, server.URL); !strings.HasPrefix(found, "502 ") {
		t.Error(found)
	}
}

func TestARequestThatHasBegunIsNotSentTwice(t *testing.T) {
	var times atomic.Int64
	breaks := app(t, "breaks", func(w http.ResponseWriter, r *http.Request) {
		times.Add(1)
		io.CopyN(io.Discard, r.Body, 1)
		connection, _, _ := http.NewResponseController(w).Hijack()
		connection.Close()
	})
	routes, server := door(t, false, Target{breaks, 1}, Target{app(t, "two", nil), 0})
	request, _ := http.NewRequest("POST", server.URL, strings.NewReader("order"))
	if said := answer(t, request); !strings.HasPrefix(said, "502 ") || times.Load() != 1 {
		t.Error(said, times.Load())
	}
	if routes.Status()[0].Errors != 1 {
		t.Error(routes.Status())
	}
}

func TestAConversationGoesOnAfterTheSwitchUntilItEnds(t *testing.T) {
	echo := app(t, "one", func(w http.ResponseWriter, r *http.Request) {
		connection, both, _ := http.NewResponseController(w).Hijack()
		defer connection.Close()
		both.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		both.Flush()
		for {
			line, err := both.ReadString('\n')
			if err != nil {
				return
			}
			both.WriteString("echo " + line)
			both.Flush()
		}
	})
	routes, server := door(t, false, Target{echo, 1})
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	io.WriteString(connection, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	reader := bufio.NewReader(connection)
	if response, err := http.ReadResponse(reader, nil); err != nil || response.StatusCode != 101 {
		t.Fatal(response, err)
	}
	put(t, routes, Target{app(t, "two", nil), 1})
	if said := get(t, server.URL); said != "200 two " {
		t.Error(said)
	}
	if busy := routes.Busy(echo, 50*time.Millisecond); busy != 1 {
		t.Errorf("%d conversations", busy)
	}
	io.WriteString(connection, "hello\n")
	if line, err := reader.ReadString('\n'); line != "echo hello\n" {
		t.Error(line, err)
	}
	connection.Close()
	if busy := routes.Busy(echo, 10*time.Second); busy != 0 {
		t.Errorf("%d conversations after the end", busy)
	}
}

func TestAStreamReachesTheReaderPieceByPiece(t *testing.T) {
	more := make(chan struct{})
	address := app(t, "one", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < 3; i++ {
			fmt.Fprintln(w, "tick")
			http.NewResponseController(w).Flush()
			<-more
		}
	})
	_, server := door(t, false, Target{address, 1})
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	reader := bufio.NewReader(response.Body)
	for i := 0; i < 3; i++ {
		if line, err := reader.ReadString('\n'); line != "tick\n" {
			t.Error(line, err)
		}
		more <- struct{}{}
	}
}

func TestRoutesAreThoseOfLastTimeAfterARestart(t *testing.T) {
	address := app(t, "one", nil)
	file := filepath.Join(t.TempDir(), "routes.json")
	routes, _ := Open(file)
	put(t, routes, Target{address, 1}, Target{"other:80", 0})
	again, err := Open(file)
	if err != nil || len(again.Status()) != 2 || again.Status()[0].Address != address {
		t.Error(again.Status(), err)
	}
	if err := again.Put([]Target{{"no port", 1}}); err == nil {
		t.Error("a target without a port was taken")
	}
}

func TestWeightsShareTheRequests(t *testing.T) {
	one, two := app(t, "one", nil), app(t, "two", nil)
	routes, server := door(t, false, Target{one, 9}, Target{two, 1})
	for i := 0; i < 400; i++ {
		get(t, server.URL)
	}
	if share := requests(routes, two); share < 5 || share > 120 {
		t.Errorf("%d of 400 for a tenth", share)
	}
}

func TestWhoAskedIsToldAndOnlyAProxyOfThisServerIsBelieved(t *testing.T) {
	address := app(t, "", func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		fmt.Fprint(w, r.Host, " ", h["X-Forwarded-For"], h["X-Forwarded-Proto"], h["X-Forwarded-Host"])
	})
	for _, trust := range []bool{false, true} {
		_, server := door(t, trust, Target{address, 1})
		request, _ := http.NewRequest("GET", server.URL, nil)
		request.Host = "shop.example"
		request.Header.Set("X-Forwarded-For", "203.0.113.9")
		request.Header.Set("X-Forwarded-Proto", "https")
		wanted := "200 shop.example [127.0.0.1] [http] [shop.example]"
		if trust {
			wanted = "200 shop.example [203.0.113.9, 127.0.0.1] [https] [shop.example]"
		}
		if said := answer(t, request); said != wanted {
			t.Error(trust, said)
		}
	}
}

func TestHealthIsAskedAsARequestWouldReachIt(t *testing.T) {
	well := app(t, "", nil)
	silent := app(t, "", func(w http.ResponseWriter, r *http.Request) { time.Sleep(300 * time.Millisecond) })
	if found := Probe(Question{well, "/health", 2}); found.Line != "HTTP/1.1 200 OK" {
		t.Error(found)
	}
	if found := Probe(Question{well, "", 2}); found.Open != 1 {
		t.Error(found)
	}
	if found := Probe(Question{silent, "/", 0.1}); found.Silent != 0.1 {
		t.Error(found)
	}
	if found := Probe(Question{nowhere(t), "/", 2}); found.Refused != "Connection refused" {
		t.Error(found)
	}
}

func TestAwaitEndsWhenATargetIsWellAndFailsWhenItIsNot(t *testing.T) {
	if err := Await(Question{app(t, "", nil), "/", 2}, time.Second); err != nil {
		t.Error(err)
	}
	sick := app(t, "", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	if err := Await(Question{sick, "/", 2}, 0); err == nil || !strings.Contains(err.Error(), "503") {
		t.Error(err)
	}
}

func TestItIsSpokenToByItsSocket(t *testing.T) {
	routes, _ := door(t, false)
	socket := filepath.Join(t.TempDir(), "control")
	server := &http.Server{Handler: Control(routes)}
	go func() {
		time.Sleep(100 * time.Millisecond) // it is being started
		listener, err := net.Listen("unix", socket)
		if err == nil {
			server.Serve(listener)
		}
	}()
	t.Cleanup(func() { server.Close() })
	address := app(t, "one", nil)
	said, err := Ask(socket, "PUT", "/routes", Targets{{address, 1}})
	if err != nil || !strings.Contains(string(said), `"busy":0`) {
		t.Error(string(said), err)
	}
	if _, err := Ask(socket, "PUT", "/routes", Targets{{"nonsense", 1}}); err == nil {
		t.Error("nonsense was taken")
	}
	said, err = Ask(socket, "POST", "/drain", Wait{address, 0})
	if err != nil || string(said) != "{\"busy\":0}\n" {
		t.Error(string(said), err)
	}
	if said, err = Ask(socket, "POST", "/probe", Question{address, "/", 1}); !strings.Contains(string(said), "200 OK") {
		t.Error(string(said), err)
	}
}

func TestWhoCameBeforeTheAppIsAnsweredAsSoonAsItServes(t *testing.T) {
	defer func(before time.Duration) { again = before }(again)
	again = time.Hour
	routes, server := door(t, false)
	address, said := app(t, "one", nil), make(chan string)
	go func() {
		response, err := http.Get(server.URL)
		if err != nil {
			said <- err.Error()
			return
		}
		response.Body.Close()
		said <- response.Header.Get("Version")
	}()
	for waits := false; !waits; { // until the request has looked for a target
		buffer := make([]byte, 1<<20)
		waits = strings.Contains(string(buffer[:runtime.Stack(buffer, true)]), "front.pause(")
	}
	put(t, routes, Target{address, 1})
	if name := <-said; name != "one" {
		t.Error(name)
	}
}
