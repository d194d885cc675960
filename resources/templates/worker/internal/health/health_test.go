package health

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHealthFollowsTheWork(t *testing.T) {
	for healthy, want := range map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable} {
		answer := httptest.NewRecorder()
		handler := Handler("1.2.3", func() bool { return healthy })
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/health", nil))
		if answer.Code != want {
			t.Errorf("healthy %t: got %d", healthy, answer.Code)
		}
	}
}
