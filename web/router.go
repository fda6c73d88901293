package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"firstlight/server/auth"
)

// router is the Gin engine behind net/http's words: handlers read path values
// from the request and know nothing of Gin.
type router struct {
	*gin.Engine
	deny func(want auth.Role) http.Handler
}

func newRouter(deny func(auth.Role) http.Handler, notFound http.Handler) *router {
	gin.SetMode(gin.ReleaseMode) // Gin keeps it for the whole process; debug mode prints to stdout
	e := gin.New()
	// Names come from serials and may hold a slash or worse: match the escaped
	// path, hand on the plain value.
	e.UseRawPath, e.UnescapePathValues = true, true
	e.RedirectTrailingSlash, e.RedirectFixedPath = false, false
	e.NoRoute(gin.WrapH(notFound))
	return &router{Engine: e, deny: deny}
}

// handle adds a route for those whose role allows it.
func (r *router) handle(method, path string, role auth.Role, h http.Handler) {
	denied := r.deny(role)
	r.Engine.Handle(method, path, func(c *gin.Context) {
		for _, p := range c.Params {
			c.Request.SetPathValue(p.Key, p.Value)
		}
		u, _ := auth.From(c.Request.Context())
		if !u.Role.Allows(role) {
			denied.ServeHTTP(c.Writer, c.Request)
			return
		}
		h.ServeHTTP(c.Writer, c.Request)
	})
}
