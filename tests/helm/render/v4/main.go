// Render renders one chart with many value sets, as `helm template` does, in one process.
//
// It reads JSON lines {"name", "values", "apiVersions", "hooks", "crds", "skipSchema"} and writes JSON lines
// {"name", "ok", "error", "objects", "notes"}. With -split it reads what a helm binary printed, and writes its objects
// as one JSON list: Go's reading of YAML is the judge of both.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	release "helm.sh/helm/v4/pkg/release/v1"
	"sigs.k8s.io/yaml"
)

// The Kubernetes to render for: Helm's own idea of one depends on how it was built.
const kubeVersion = "v1.33.0"

type request struct {
	Name        string          `json:"name"`
	Values      json.RawMessage `json:"values"`
	APIVersions []string        `json:"apiVersions"`
	Hooks       bool            `json:"hooks"`
	CRDs        bool            `json:"crds"`
	SkipSchema  bool            `json:"skipSchema"`
}

type response struct {
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Error   string `json:"error,omitempty"`
	Objects []any  `json:"objects"`
	Notes   string `json:"notes,omitempty"`
}

func main() {
	namespace := flag.String("n", "default", "namespace")
	name := flag.String("release", "release-name", "name of the release")
	onlySplit := flag.Bool("split", false, "read a stream of manifests in place of value sets")
	flag.Parse()
	if *onlySplit {
		if err := splitStream(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		return
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	chart, err := loader.LoadDir(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	var files []*archive.BufferedFile
	for _, file := range chart.Raw {
		files = append(files, &archive.BufferedFile{Name: file.Name, Data: file.Data})
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var req request
		answer := response{}
		if err := json.Unmarshal(in.Bytes(), &req); err != nil {
			answer.Error = err.Error()
		} else {
			answer.Name = req.Name
			answer.Objects, answer.Notes, err = render(files, req, *name, *namespace)
			answer.OK = err == nil
			if err != nil {
				answer.Error = err.Error()
			}
		}
		if err := out.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
}

func render(files []*archive.BufferedFile, req request, name, namespace string) ([]any, string, error) {
	// A fresh chart each time: rendering writes into it.
	chart, err := loader.LoadFiles(files)
	if err != nil {
		return nil, "", err
	}
	// The way of `-f`: numbers become float64.
	values := map[string]any{}
	if err := yaml.Unmarshal(req.Values, &values); err != nil {
		return nil, "", err
	}
	client := action.NewInstall(new(action.Configuration))
	client.DryRunStrategy = action.DryRunClient
	client.ReleaseName = name
	client.Namespace = namespace
	client.Replace = true
	client.DisableHooks = true
	client.IncludeCRDs = req.CRDs
	client.SkipSchemaValidation = req.SkipSchema
	client.KubeVersion, err = common.ParseKubeVersion(kubeVersion)
	if err != nil {
		return nil, "", err
	}
	client.APIVersions = common.VersionSet(req.APIVersions)
	done, err := client.Run(chart, values)
	if err != nil {
		return nil, "", err
	}
	rel, ok := done.(*release.Release)
	if !ok {
		return nil, "", fmt.Errorf("an unknown kind of release")
	}
	manifest := rel.Manifest
	if req.Hooks {
		for _, hook := range rel.Hooks {
			manifest += "\n---\n" + hook.Manifest
		}
	}
	objects, err := split(manifest)
	return objects, rel.Info.Notes, err
}

func splitStream() error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	objects, err := split(string(text))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(objects)
}

var separator = regexp.MustCompile(`(?m)^---[ \t]*`)

func split(manifest string) ([]any, error) {
	objects := []any{}
	for _, text := range separator.Split(manifest, -1) {
		if strings.TrimSpace(text) == "" {
			continue
		}
		var object any
		if err := yaml.Unmarshal([]byte(text), &object); err != nil {
			return nil, err
		}
		if object != nil {
			objects = append(objects, object)
		}
	}
	return objects, nil
}
