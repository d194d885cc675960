package httpapi

import "net/http"

// health answers 200 while the program serves, and 503 from the moment it was asked to stop.
func (api *API) health(w http.ResponseWriter, r *http.Request) {
	if api.stopping.Load() {
		reply(w, http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
		return
	}
	reply(w, http.StatusOK, map[string]string{"status": "ok", "version": api.version})
}
