package httpapi

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// health answers 200 while the program serves, and 503 from the moment it was asked to stop.
func (api *API) health(c *gin.Context) {
	if api.stopping.Load() {
		c.JSON(http.StatusServiceUnavailable, gin.H{"status": "stopping"})
		return
	}
	c.JSON(http.StatusOK, gin.H{"status": "ok", "version": api.version})
}
