// Package web is the people's door: pages on Gin, their live updates, log-in,
// and the router that server/api hangs the JSON API into.
//
// It promises:
//   - every page is complete without JavaScript; the script only keeps pages
//     current, opens the one dialog in place and moves the keyboard focus;
//   - what strangers wrote (serials, labels, console lines) is text wherever it
//     appears: html/template escapes it, and the content security policy allows
//     no inline script or style that could come out of it;
//   - every route stands in one slice with the role that it asks for;
//   - it decides nothing: what is shown comes from Data, what is asked for goes
//     to Actions, both declared here and implemented by the wiring.
//
// A page is a view: a template, its data and the fragments that change. The
// same address serves the page and, to an EventSource, the fragments that
// changed since; so the page that moves and the page that loads cannot differ.
// htmx (37 KB) would fetch fragments by an address of their own each; the
// 120 lines of assets/app.js do what this needs.
//
// Only this package knows Gin, and in it only router.go. The wiring imports it.
package web
