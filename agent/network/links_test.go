package network

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestACableThatComesOrGoesIsNews(t *testing.T) {
	for _, tt := range []struct {
		name    string
		updates []link
		news    bool
	}{
		{"those that there are", []link{{name: "eth0", up: true}, {name: "eth1"}}, false},
		{"a cable is plugged in late", []link{{name: "eth0"}, {name: "eth0", up: true}}, true},
		{"a cable is pulled", []link{{name: "eth0", up: true}, {name: "eth0"}}, true},
		{"an address, a name server, a counter", []link{{name: "eth0", up: true}, {name: "eth0", up: true}}, false},
		{"a card that comes is hotplug's", []link{{name: "eth0", up: true}, {name: "eth9"}}, false},
		{"a card that goes, too, and one of its name is new", []link{{name: "eth0", up: true}, {name: "eth0", gone: true}, {name: "eth0"}}, false},
		{"another's link", []link{{name: "eth0", up: true}, {name: "eth1"}, {name: "eth0", up: true}, {name: "eth1", up: true}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, updates := follow(t)
				for _, u := range tt.updates {
					updates <- u
				}
				time.Sleep(agreeing + time.Millisecond) //nolint:forbidigo // in synctest's time
				if got := fetch(l); got != tt.news {
					t.Errorf("news: %v, want %v", got, tt.news)
				}
			})
		})
	}
}

func TestALoosePlugIsNotNewsAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, updates := follow(t)
		told := 0
		for i := range 60 * 10 { // a minute, ten times a second
			updates <- link{name: "eth0", up: i%2 == 0}
			time.Sleep(100 * time.Millisecond) //nolint:forbidigo // in synctest's time
			if fetch(l) {
				told++
			}
		}
		if told < 5 || told > 7 {
			t.Errorf("told %d times in a minute, want about six", told)
		}
	})
}

func TestTheLastStateIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, updates := follow(t)
		updates <- link{name: "eth0"}
		updates <- link{name: "eth0", up: true}
		time.Sleep(agreeing + time.Millisecond) //nolint:forbidigo // in synctest's time
		if !fetch(l) {
			t.Fatal("no news of a link that came")
		}
		updates <- link{name: "eth0"} // while the next news has to wait
		time.Sleep(between)           //nolint:forbidigo // in synctest's time
		if !fetch(l) {
			t.Error("no news of a link that went soon after it came")
		}
	})
}

// A listener that lost messages hears all states again.
func TestWhatChangedUnheardIsNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Links{news: make(chan struct{}, 1), up: map[string]bool{"eth0": false}}
		updates := make(chan link)
		go l.follow(t.Context(), updates)
		updates <- link{name: "eth0", up: true}
		time.Sleep(agreeing + time.Millisecond) //nolint:forbidigo // in synctest's time
		if !fetch(l) {
			t.Error("no news of a link that came while nobody listened")
		}
		close(updates)
	})
}

func follow(t *testing.T) (*Links, chan<- link) {
	t.Helper()
	l := &Links{news: make(chan struct{}, 1), up: map[string]bool{}}
	updates := make(chan link)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go l.follow(ctx, updates)
	return l, updates
}

func fetch(l *Links) bool {
	synctest.Wait()
	select {
	case <-l.News():
		return true
	default:
		return false
	}
}
