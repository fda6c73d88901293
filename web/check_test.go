package web

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNewSpark(t *testing.T) {
	for _, tt := range []struct {
		name    string
		samples []float64
		want    spark
	}{
		{"nothing", nil, spark{}},
		{"one", []float64{5}, spark{}},
		{"flat", []float64{500, 500}, spark{"0.0,1.0 120.0,1.0", 500, 500}},
		{"zero", []float64{0, 0, 0}, spark{"0.0,17.0 60.0,17.0 120.0,17.0", 0, 0}},
		{"a dip", []float64{100, 0, 100}, spark{"0.0,1.0 60.0,17.0 120.0,1.0", 0, 100}},
		{"below zero", []float64{-10, 10}, spark{"0.0,17.0 120.0,1.0", -10, 10}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, newSpark(tt.samples)); diff != "" {
				t.Errorf("newSpark() (-want +got):\n%s", diff)
			}
		})
	}
}
