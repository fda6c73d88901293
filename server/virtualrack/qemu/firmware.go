package qemu

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Program is QEMU's name for machines with a firmware.
func Program(f Firmware) string {
	if f.isARM64() {
		return "qemu-system-aarch64"
	}
	return "qemu-system-x86_64"
}

// Missing says what of QEMU and the firmwares is not installed, and how to get
// it; nil when all is there.
func Missing(f Firmware) error {
	if _, err := exec.LookPath(Program(f)); err != nil {
		packages := "qemu-system-x86 seabios ipxe-qemu"
		if f.isARM64() {
			packages = "qemu-system-arm qemu-efi-aarch64"
		}
		return fmt.Errorf("%s is not installed: apt-get install %s", Program(f), packages)
	}
	if f.isUEFI() {
		_, _, err := edk2(f)
		return err
	}
	return nil
}

// edk2 finds EDK2's program and the template of its variables, in the places
// of Debian, Fedora and Arch.
func edk2(f Firmware) (code, vars string, err error) {
	pairs := [][2]string{
		{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
		{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
		{"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
	}
	name, debian := "OVMF", "ovmf"
	if f.isARM64() {
		pairs = [][2]string{
			{"/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"},
			{"/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw", "/usr/share/edk2/aarch64/vars-template-pflash.raw"},
		}
		name, debian = "AAVMF", "qemu-efi-aarch64"
	}
	if f.Enforces() { // those whose variables hold Microsoft's keys; Arch has none
		pairs = [][2]string{
			{"/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"},
			{"/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"},
		}
	}
	for _, pair := range pairs {
		if readable(pair[0]) && readable(pair[1]) {
			return pair[0], pair[1], nil
		}
	}
	return "", "", fmt.Errorf("the UEFI firmware %s is not installed: apt-get install %s", name, debian)
}

func readable(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// prepare lays out the machine's folder: disk, variables, SMBIOS table. What is
// there stays as it is, disks above all.
func prepare(s *Spec, dir string) (files, error) {
	f := files{disk: filepath.Join(dir, "disk.raw"), hostInterface: filepath.Join(dir, "smbios42.bin")}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return f, fmt.Errorf("make the folder of machine %s: %w", s.Name, err)
	}
	if err := sparse(f.disk, s.Disk.Bytes); err != nil {
		return f, fmt.Errorf("make the disk of machine %s: %w", s.Name, err)
	}
	table, err := hostInterface(s.BMC, s.Card, serviceUUID(s.UUID))
	if err != nil {
		return f, fmt.Errorf("prepare machine %s: %w", s.Name, err)
	}
	if err := os.WriteFile(f.hostInterface, table, 0o644); err != nil {
		return f, fmt.Errorf("prepare machine %s: %w", s.Name, err)
	}
	if s.Firmware.isUEFI() {
		return f, f.variables(s, dir)
	}
	return f, nil
}

// variables gives a UEFI machine its own copy of the variable store.
func (f *files) variables(s *Spec, dir string) error {
	code, template, err := edk2(s.Firmware)
	if err != nil {
		return fmt.Errorf("prepare machine %s: %w", s.Name, err)
	}
	f.code, f.vars = code, filepath.Join(dir, "ovmf-vars.fd")
	if readable(f.vars) {
		return nil
	}
	b, err := os.ReadFile(template)
	if err == nil {
		err = os.WriteFile(f.vars, b, 0o644)
	}
	if err != nil {
		return fmt.Errorf("copy the UEFI variables of machine %s: %w", s.Name, err)
	}
	return nil
}

// sparse makes a file of that size which takes no room.
func sparse(path string, bytes int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(bytes), f.Close())
}
