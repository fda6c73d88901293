package report

import "testing"

func TestEraseIsFrozenInV1(t *testing.T) {
	frozen(t, "order-erase", Order{ID: "9", Action: ActionErase, Token: "t0k3n", Sentence: "Erases 2 disks."})
	frozen(t, "plan-erase", ErasePlan{
		Disks:   []Target{{Serial: "S3RIAL", Bytes: 480103981056}, {Serial: "NVME-1", Bytes: 1920383410176}},
		Weakest: EraseOverwrite,
	})
	frozen(t, "result-erased", Result{Order: "9", Step: StepReadBack, Error: "disk NVME-1: block 7 still has what was there", Erased: []Erased{
		{
			Disk: Target{Serial: "S3RIAL", Bytes: 480103981056}, Model: "SSD", WWN: "naa.5002538e00000001", Transport: "sata", OK: true,
			Method: EraseATA, Tried: []EraseTry{{Method: EraseATAEnhanced, Error: "aborted"}}, Read: 1 << 30, Fill: "00", Seconds: 61.5,
		},
		{Disk: Target{Serial: "NVME-1", Bytes: 1920383410176}, Method: EraseFormat, Error: "block 7 still has what was there", Read: 4096, Seconds: 2},
	}})
}
