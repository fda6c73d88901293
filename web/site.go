package web

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"

	"firstlight/server/auth"
	"firstlight/web/reference"
)

// Site is the people's door.
type Site struct {
	Config
	assets  *assets
	pages   *renderer
	figures *figures
	// reference is the API's document as its page shows it.
	reference *reference.Reference
	router    *router
	handler   http.Handler

	closing chan struct{} // closed by Close: streams end
	close   sync.Once
}

// New builds the site: templates, assets and routes. It listens nowhere.
func New(c Config) (*Site, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s := &Site{Config: c, figures: newFigures(c.Data), closing: make(chan struct{})}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("load assets: %w", err)
	}
	if s.pages, err = loadTemplates(s.assets, c.Now); err != nil {
		return nil, fmt.Errorf("load templates: %w", err)
	}
	if s.reference, err = reference.New(c.API); err != nil {
		return nil, err
	}
	s.router = newRouter(s.deny, http.HandlerFunc(s.notFound))
	for _, r := range s.routes() {
		s.router.handle(r.method, r.path, r.role, s.answer(r.serve))
	}
	s.handler = s.wrap(s.router)
	return s, nil
}

// Handler serves everything.
func (s *Site) Handler() http.Handler { return s.handler }

// MountTree serves everything below a prefix by h, which finds who asks in the
// request (auth.From) and decides itself what they may. Call it before the
// first request.
func (s *Site) MountTree(prefix string, h http.Handler) {
	s.router.Any(prefix+"/*path", gin.WrapH(h))
}

// Mount serves h at a pattern such as /metrics, to those whose role allows it;
// auth.Nobody opens it to all. Call it before the first request.
func (s *Site) Mount(pattern string, h http.Handler, role auth.Role) {
	s.router.handle(http.MethodGet, pattern, role, h)
}

// Routes gives every route of the router as "METHOD /path", with what is mounted.
func (s *Site) Routes() (all []string) {
	for _, r := range s.router.Routes() {
		all = append(all, r.Method+" "+r.Path)
	}
	return all
}

// Close ends the streams that are open; http.Server.Shutdown would wait for
// them. Give it to RegisterOnShutdown.
func (s *Site) Close() { s.close.Do(func() { close(s.closing) }) }
