// Installs a package and its dependencies into an empty root folder, as apk does, with the library of apko: resolves the
// dependencies, checks the hashes, unpacks the files and writes the database. REPOSITORY/ARCHITECTURE has the packages.
//
//	install-apk ROOT REPOSITORY ARCHITECTURE PACKAGE
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"chainguard.dev/apko/pkg/apk/apk"
	"chainguard.dev/apko/pkg/apk/fs"
)

// writeIndex makes the folder a repository.
func writeIndex(ctx context.Context, folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.apk"))
	if err != nil {
		return err
	}
	index := &apk.APKIndex{}
	for _, file := range files {
		opened, err := os.Open(file)
		if err != nil {
			return err
		}
		defer opened.Close()
		info, err := opened.Stat()
		if err != nil {
			return err
		}
		described, err := apk.ParsePackage(ctx, opened, uint64(info.Size()))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if filepath.Base(file) != described.Filename() {
			if err := os.Rename(file, filepath.Join(folder, described.Filename())); err != nil {
				return err
			}
		}
		index.Packages = append(index.Packages, described)
	}
	archive, err := apk.ArchiveFromIndex(index)
	if err != nil {
		return err
	}
	bytes, err := io.ReadAll(archive)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "APKINDEX.tar.gz"), bytes, 0o644)
}

func install(root, repository, arch, name string) error {
	ctx := context.Background()
	if err := writeIndex(ctx, filepath.Join(repository, arch)); err != nil {
		return err
	}
	client, err := apk.New(ctx,
		apk.WithFS(fs.DirFS(ctx, root)),
		apk.WithArch(arch),
		apk.WithIgnoreMknodErrors(true),
		apk.WithIgnoreIndexSignatures(true),
	)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, "etc/apk/world")); os.IsNotExist(err) {
		if err := client.InitDB(ctx); err != nil {
			return err
		}
	}
	if err := client.SetRepositories(ctx, []string{repository}); err != nil {
		return err
	}
	if err := client.SetWorld(ctx, []string{name}); err != nil {
		return err
	}
	date := time.Unix(0, 0)
	if _, err := client.FixateWorld(ctx, &date); err != nil {
		return err
	}
	installed, err := client.GetInstalled()
	if err != nil {
		return err
	}
	for _, found := range installed {
		fmt.Printf("%s %s\n", found.Name, found.Version)
	}
	return nil
}

func main() {
	if err := install(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
