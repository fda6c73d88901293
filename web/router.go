package web

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"firstlight/server/auth"
)

// router is the Gin engine behind net/http's words: handlers read path values
// from the request and know nothing of Gin.
type router struct {
	*gin.Engine
	deny func(want auth.Role) http.Handler
	api  huma.API
}

const apiPrefix = "/api/v1"

func newRouter(deny func(auth.Role) http.Handler, notFound http.Handler, version string) *router {
	gin.SetMode(gin.ReleaseMode) // Gin keeps it for the whole process; debug mode prints to stdout
	e := gin.New()
	// Names come from serials and may hold a slash or worse: match the escaped
	// path, hand on the plain value.
	e.UseRawPath, e.UnescapePathValues = true, true
	e.RedirectTrailingSlash, e.RedirectFixedPath = false, false
	e.NoRoute(gin.WrapH(notFound))
	r := &router{Engine: e, deny: deny}
	api := e.Group(apiPrefix, func(c *gin.Context) {
		allowed := false
		pass := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { allowed = true })
		auth.Require(auth.Viewer)(pass).ServeHTTP(c.Writer, c.Request)
		if !allowed {
			c.Abort()
		}
	})
	r.api = humagin.NewWithGroup(e, api, apiConfig(version))
	return r
}

func apiConfig(version string) huma.Config {
	c := huma.DefaultConfig("Firstlight", version)
	c.OpenAPIPath = "/openapi"
	c.DocsPath = ""     // huma's page loads its script from somebody else's server
	c.CreateHooks = nil // no $schema link in every body
	c.Servers = []*huma.Server{{URL: apiPrefix}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "An API token, " + auth.TokenPrefix + "…"},
	}
	c.Security = []map[string][]string{{"token": {}}}
	return c
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
