package patience

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := Wait(ctx, time.Second); err != nil || time.Since(began) != time.Second {
			t.Errorf("Wait = %v after %v, want nil after a second", err, time.Since(began))
		}
		if err := Wait(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("Wait = %v after %v, want the end of ctx after a minute", err, time.Since(began))
		}
		if err := Wait(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait of nothing = %v, want the end of ctx", err)
		}
	})
}

func TestPausesGrowAndAreDrawn(t *testing.T) {
	for _, tt := range []struct {
		name   string
		pauses Pauses
		want   []time.Duration
	}{
		{name: "bounds of their own", want: []time.Duration{200, 400, 800, 1600, 3200, 5000, 5000}},
		{name: "bounds that are named", pauses: Pauses{First: time.Second, Longest: time.Minute}, want: []time.Duration{1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				halves := 0
				for i, want := range tt.want {
					want *= time.Millisecond
					began := time.Now()
					if err := tt.pauses.Rest(t.Context()); err != nil {
						t.Fatal(err)
					}
					took := time.Since(began)
					if took < want/2 || took >= want {
						t.Errorf("pause %d took %v, want %v to %v", i, took, want/2, want)
					}
					if took == want/2 {
						halves++
					}
				}
				if halves == len(tt.want) {
					t.Error("no pause is drawn: all machines come back at once")
				}
			})
		})
	}
}
