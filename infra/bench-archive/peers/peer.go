// Makes an archive of a folder by Go's archive/zip, and tells what it took.
package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

type figures struct {
	Bytes   int64 `json:"bytes"`
	CPUus   int64 `json:"cpu_us"`
	WallUs  int64 `json:"wall_us"`
	PeakKiB int64 `json:"peak_kib"`
}

func withArchiveZip(files []os.DirEntry, folder string, out io.Writer) error {
	archive := zip.NewWriter(out)
	for _, file := range files {
		if err := add(archive, folder, file.Name()); err != nil {
			return err
		}
	}
	return archive.Close()
}

func add(archive *zip.Writer, folder, name string) error {
	file, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	defer file.Close()
	member, err := archive.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(member, file)
	return err
}

func peakKiB() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "VmHWM:") {
			var peak int64
			_, err := fmt.Sscan(strings.TrimPrefix(line, "VmHWM:"), &peak)
			return peak, err
		}
	}
	return 0, fmt.Errorf("the kernel tells no peak")
}

func run(started time.Time) error {
	if len(os.Args) != 4 {
		return fmt.Errorf("usage: peer archive/zip FOLDER ARCHIVE")
	}
	library, folder, archive := os.Args[1], os.Args[2], os.Args[3]
	if library != "archive/zip" {
		return fmt.Errorf("%s is no library of this program", library)
	}
	// Sorted by name.
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	out, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer out.Close()
	if err := withArchiveZip(entries, folder, out); err != nil {
		return err
	}
	told, err := took(out, started)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(told)
}

func took(archive *os.File, started time.Time) (figures, error) {
	made, err := archive.Stat()
	if err != nil {
		return figures{}, err
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return figures{}, err
	}
	peak, err := peakKiB()
	return figures{
		Bytes:   made.Size(),
		CPUus:   (usage.Utime.Nano() + usage.Stime.Nano()) / 1000,
		WallUs:  time.Since(started).Microseconds(),
		PeakKiB: peak,
	}, err
}

func main() {
	if err := run(time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
