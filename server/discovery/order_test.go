package discovery

import "testing"

func TestABootOrderIsOneLine(t *testing.T) {
	long := make([]string, 0, 40)
	for range 20 {
		long = append(long, "network", "device")
	}
	for _, test := range []struct {
		words []string
		want  string
	}{
		{nil, ""},
		{[]string{"network", "network", "firstlight", "device", "device"}, "network, firstlight, device"},
		{[]string{"<b>", "device", "network\x1b[0m", "network"}, "device, network"},
		{long, "network, device, network, device, network, device, network, device, network, device, network, device"},
	} {
		if got := BootOrder(test.words); got != test.want {
			t.Errorf("BootOrder(%q) = %q, want %q", test.words, got, test.want)
		}
	}
}
