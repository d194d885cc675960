package httpapi

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func get(t *testing.T, path string) (int, map[string]string) {
	t.Helper()
	answer := httptest.NewRecorder()
	New("1.2.3", "Hello").Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	body := map[string]string{}
	if answer.Code == http.StatusOK {
		if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
	}
	return answer.Code, body
}

func TestHealthTellsTheVersion(t *testing.T) {
	if code, body := get(t, "/health"); code != http.StatusOK || body["version"] != "1.2.3" {
		t.Fatalf("got %d, %v", code, body)
	}
}

func TestTheGreetingIsTheConfiguredOne(t *testing.T) {
	if code, body := get(t, "/"); code != http.StatusOK || body["message"] != "Hello" {
		t.Fatalf("got %d, %v", code, body)
	}
}

func TestAnUnknownPathIsNotFound(t *testing.T) {
	if code, _ := get(t, "/nothing"); code != http.StatusNotFound {
		t.Fatalf("got %d", code)
	}
}

func TestServeEndsInOrderWhenAskedTo(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- New("dev", "Hello").Serve(ctx, listener, time.Second) }()
	answer, err := http.Get("http://" + listener.Addr().String() + "/health")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it did not end")
	}
}
