// Reads every document of a corpus with the YAML readers of Go and lists those that read it otherwise than meant.
//
// A corpus has one JSON object a line: `yaml` is the document, `value` what it must mean.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"reflect"

	yaml3 "go.yaml.in/yaml/v3"
	kubernetes "sigs.k8s.io/yaml"
)

type document struct {
	Yaml  string          `json:"yaml"`
	Value json.RawMessage `json:"value"`
}

var readers = []struct {
	name string
	json func(text []byte) ([]byte, error)
}{
	{"sigs.k8s.io/yaml (kubectl, API server)", kubernetes.YAMLToJSONStrict},
	{"go.yaml.in/yaml/v3 (kustomize, Argo CD)", throughYaml3},
}

func throughYaml3(text []byte) ([]byte, error) {
	var value any
	if err := yaml3.Unmarshal(text, &value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// meaning decodes JSON into comparable values; numbers become float64 alike on both sides.
func meaning(text []byte) (value any) {
	if err := json.Unmarshal(text, &value); err != nil {
		return fmt.Sprintf("<%v>", err)
	}
	return value
}

func corpus(path string) (documents []document) {
	file, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var next document
		if err := json.Unmarshal(lines.Bytes(), &next); err != nil {
			log.Fatal(err)
		}
		documents = append(documents, next)
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	return documents
}

func main() {
	documents := corpus(os.Args[1])
	report := json.NewEncoder(os.Stdout)
	failures := 0
	for _, reader := range readers {
		wrong := 0
		for _, document := range documents {
			text, err := reader.json([]byte(document.Yaml))
			read := fmt.Sprint(err)
			if err == nil && reflect.DeepEqual(meaning(text), meaning(document.Value)) {
				continue
			} else if err == nil {
				read = string(text)
			}
			wrong++
			_ = report.Encode(map[string]any{"reader": reader.name, "yaml": document.Yaml, "value": document.Value, "read": read})
		}
		fmt.Printf("%s: %d documents, %d read otherwise\n", reader.name, len(documents), wrong)
		failures += wrong
	}
	if failures > 0 {
		os.Exit(1)
	}
}
