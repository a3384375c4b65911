package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

// A value put in the place of another; it is left out where it does not apply.
type defect struct {
	what string
	of   func(any) (any, bool)
}

// Defects of structure and of meaning, for whatever stands in an object. They are the same for every field of every kind:
// nobody chose where they hurt.
var defects = []defect{
	{"nothing", always(nil)},
	{"a text", always("Nope nope")},
	{"an empty text", always("")},
	{"a number in a text", always("7")},
	{"a long text", always(strings.Repeat("a", 300))},
	{"a label that is too long", always(strings.Repeat("a", 64))},
	{"zero", always(int64(0))},
	{"less than zero", always(int64(-1))},
	{"more than a port", always(int64(65536))},
	{"more than 32 bits", always(int64(1) << 31)},
	{"half of one", always(0.5)},
	{"true", always(true)},
	{"an empty list", always([]any{})},
	{"an empty map", always(map[string]any{})},
	{"a list of a text", always([]any{"x"})},
	{"a map of a text", always(map[string]any{"x": "y"})},
	{"capitals", text(strings.ToUpper)},
	{"a text with an underscore", text(func(own string) string { return own + "_" })},
	{"a text with a slash", text(func(own string) string { return own + "/x" })},
	{"a text with a dash before it", text(func(own string) string { return "-" + own })},
	{"a text with a blank before it", text(func(own string) string { return " " + own })},
	{"a text with a letter too many", text(func(own string) string { return own + "x" })},
	{"a text without its end", text(func(own string) string { return own[:max(len(own)-1, 0)] })},
	{"one more", number(1)},
	{"a thousand more", number(1000)},
	{"one less", number(-1)},
	{"the other", func(own any) (any, bool) { is, ok := own.(bool); return !is, ok }},
	{"an item twice", func(own any) (any, bool) {
		items, ok := own.([]any)
		if !ok || len(items) == 0 {
			return nil, false
		}
		return append(slices.Clone(items), items[0]), true
	}},
	{"a list without its first item", func(own any) (any, bool) {
		items, ok := own.([]any)
		return slices.Clone(items[min(len(items), 1):]), ok && len(items) > 1
	}},
}

func always(value any) func(any) (any, bool) { return func(any) (any, bool) { return value, true } }

func text(change func(string) string) func(any) (any, bool) {
	return func(own any) (any, bool) {
		text, ok := own.(string)
		return change(text), ok
	}
}

func number(more int64) func(any) (any, bool) {
	return func(own any) (any, bool) {
		number, ok := own.(int64)
		return number + more, ok
	}
}

// An object with one defect.
type mutant struct {
	base int
	kind string
	// where the defect is, and what it is
	what string
	text []byte
}

// What stands at the top of every object and says where to send it.
var addresses = []string{".apiVersion", ".kind", ".metadata.namespace"}

// All single defects of objects: each of its kind once for each field, and of those one in `share`.
func mutants(objects []unstructured.Unstructured, share uint32) ([]mutant, error) {
	var found []mutant
	known := map[string]bool{}
	for base, object := range objects {
		kind := object.GetKind()
		var failed error
		add := func(path, what string, change func()) {
			name := kind + path + ": " + what
			if known[name] {
				return
			}
			known[name] = true
			hash := fnv.New32a()
			_, _ = hash.Write([]byte(name))
			if hash.Sum32()%share != 0 {
				return
			}
			change()
			text, err := json.Marshal(object.Object)
			failed = errors.Join(failed, err)
			found = append(found, mutant{base: base, kind: kind, what: path + ": " + what, text: text})
		}
		bend(object.Object, "", add)
		if failed != nil {
			return nil, failed
		}
	}
	return found, nil
}

// Offers every defect of every field of a map, and puts back what was there.
func bend(fields map[string]any, path string, add func(path, what string, change func())) {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		own, inner := fields[key], path+"."+key
		if slices.Contains(addresses, inner) || strings.HasPrefix(inner, ".status") {
			continue
		}
		try := func(what string, change func()) {
			add(inner, what, change)
			delete(fields, key+"X")
			fields[key] = own
		}
		try("left out", func() { delete(fields, key) })
		try("misspelt", func() { delete(fields, key); fields[key+"X"] = own })
		for _, defect := range defects {
			if value, ok := defect.of(own); ok {
				try(defect.what, func() { fields[key] = value })
			}
		}
		switch own := own.(type) {
		case map[string]any:
			bend(own, inner, add)
		case []any:
			for at, item := range own {
				if item, ok := item.(map[string]any); ok {
					bend(item, inner+"[]", add)
					continue
				}
				for _, defect := range defects {
					if value, ok := defect.of(item); ok {
						add(inner+"[]", defect.what, func() { own[at] = value })
						own[at] = item
					}
				}
			}
		}
	}
}

// Where objects are sent.
type routes struct {
	client *http.Client
	host   string
	paths  map[string]string // apiVersion and kind to the path, with {} for the namespace
}

func (s *server) routes() (*routes, error) {
	client, err := rest.HTTPClientFor(s.config)
	if err != nil {
		return nil, err
	}
	_, lists, err := s.client.Discovery().ServerGroupsAndResources()
	if err != nil {
		return nil, err
	}
	found := &routes{client: client, host: s.config.Host, paths: map[string]string{}}
	for _, list := range lists {
		root := "/apis/"
		if !strings.Contains(list.GroupVersion, "/") {
			root = "/api/"
		}
		for _, resource := range list.APIResources {
			path := root + list.GroupVersion + "/"
			if resource.Namespaced {
				path += "namespaces/{}/"
			}
			if !strings.Contains(resource.Name, "/") && slices.Contains(resource.Verbs, "create") {
				found.paths[list.GroupVersion+" "+resource.Kind] = path + resource.Name
			}
		}
	}
	return found, nil
}

// What a server thinks of an object.
type answer int

const (
	takes answer = iota
	refuses
	neither // somebody else objects: who may do what, what is not there
)

// Asks the server whether it would create the object that `base` has become.
func (r *routes) ask(ctx context.Context, base unstructured.Unstructured, text []byte) (answer, string, error) {
	path, ok := r.paths[base.GetAPIVersion()+" "+base.GetKind()]
	if !ok {
		return neither, "no such kind", nil
	}
	namespace := base.GetNamespace()
	if namespace == "" {
		namespace = "default"
	}
	url := r.host + strings.Replace(path, "{}", namespace, 1) + "?dryRun=All&fieldValidation=Strict"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return neither, "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return neither, "", err
	}
	defer response.Body.Close()
	var said struct{ Message string }
	_ = json.NewDecoder(response.Body).Decode(&said)
	switch response.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusConflict:
		return takes, "", nil
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return refuses, said.Message, nil
	default:
		return neither, strconv.Itoa(response.StatusCode) + " " + said.Message, nil
	}
}

// The objects that get defects: what is rendered of every platform, and what the cases of the program's own tests say
// that a server takes; each only if this server does.
func (j *judge) sources(ctx context.Context, platforms []platform, minor string) ([]unstructured.Unstructured, error) {
	var all []unstructured.Unstructured
	for _, platform := range platforms {
		if platform.minor != minor && platform.minor != platform.own {
			continue
		}
		stream, err := platform.render(ctx, j.programs.platformgen)
		if err != nil {
			return nil, err
		}
		found, err := objects(stream)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	files, err := filepath.Glob(filepath.Join(j.root, "tests", "cases", "validate-api-accepts*", "input.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		found, err := objects(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// Programs that say the same of every object.
var lies = []fault{
	{"a program that refuses nothing", "are less than"},
	{"a program that refuses everything", "is taken, and we say: no"},
}

// One in so many defects is enough to see a lie.
const few = 400

// Puts defects into objects, on a server of each minor.
func (j *judge) bend(ctx context.Context, platforms []platform, fault string, to *claim) error {
	minors, share, judged := j.minors, j.share, verdicts(j.verdicts)
	if fault != "" {
		says := map[bool]string{true: "no"}[fault == lies[1].what]
		minors, share = []string{ordinary}, few
		judged = func(_ context.Context, all []mutant, _ string) ([]string, error) {
			return slices.Repeat([]string{says}, len(all)), nil
		}
	}
	for at, minor := range minors {
		server, err := startServer(ctx, fmt.Sprintf("mutants%d-%d", len(fault), at), minor, j.store, j.programs)
		if err != nil {
			return err
		}
		err = server.agrees(ctx, j, platforms, share, judged, to)
		server.close()
		if err != nil {
			return fmt.Errorf("on %s: %w", minor, err)
		}
	}
	return nil
}

// Who says of each mutant, for a minor, why it is refused, or nothing.
type verdicts func(ctx context.Context, all []mutant, minor string) ([]string, error)

// Compares our verdict about mutants with the server's.
func (s *server) agrees(ctx context.Context, j *judge, platforms []platform, share uint32, judged verdicts, to *claim) error {
	all, err := j.sources(ctx, platforms, s.minor)
	if err != nil {
		return err
	}
	if err := s.makeNamespaces(ctx, all); err != nil {
		return err
	}
	routes, err := s.routes()
	if err != nil {
		return err
	}
	var bases []unstructured.Unstructured
	for _, object := range all {
		text, err := json.Marshal(object.Object)
		if err != nil {
			return err
		}
		if got, _, err := routes.ask(ctx, object, text); err != nil {
			return err
		} else if got == takes {
			bases = append(bases, object)
		}
	}
	found, err := mutants(bases, share)
	if err != nil {
		return err
	}
	ours, err := judged(ctx, found, s.minor)
	if err != nil {
		return err
	}
	theirs, err := routes.askAll(ctx, bases, found)
	if err != nil {
		return err
	}
	tally(found, ours, theirs, s.minor, to)
	return nil
}

func (s *server) makeNamespaces(ctx context.Context, objects []unstructured.Unstructured) error {
	names := map[string]bool{}
	for _, object := range objects {
		if object.GetNamespace() != "" {
			names[object.GetNamespace()] = true
		}
	}
	var text strings.Builder
	for name := range names {
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n", name)
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: %s}\n", name)
	}
	said, err := s.run(ctx, text.String(), "apply", "--server-side", "--filename=-")
	if err == nil && said.code != 0 {
		err = fmt.Errorf("namespaces: %s", said.err)
	}
	return err
}

type theirs struct {
	answer answer
	why    string
}

const hands = 8

func (r *routes) askAll(ctx context.Context, bases []unstructured.Unstructured, all []mutant) ([]theirs, error) {
	found, failures := make([]theirs, len(all)), make([]error, hands)
	var group sync.WaitGroup
	for hand := range hands {
		group.Go(func() {
			for at := hand; at < len(all) && failures[hand] == nil; at += hands {
				got, why, err := r.ask(ctx, bases[all[at].base], all[at].text)
				found[at], failures[hand] = theirs{got, why}, err
			}
		})
	}
	group.Wait()
	return found, errors.Join(failures...)
}

// What platformgen says about each mutant: the first error, or nothing.
func (j *judge) verdicts(ctx context.Context, all []mutant, minor string) ([]string, error) {
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for at, mutant := range all {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%06d.json", at)), mutant.text, 0o600); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, j.programs.platformgen, "validate", "--checks", "decode,api,pod-security", "--kubernetes", minor, "--format", "json", dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, fmt.Errorf("validate: %w\n%s", err, errs.String())
	}
	var said struct {
		Findings []struct{ File, Code, Severity, Message string }
	}
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		return nil, err
	}
	verdicts := make([]string, len(all))
	for _, finding := range said.Findings {
		at, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(finding.File), ".json"))
		if err != nil {
			return nil, err
		}
		// all mutants of an object have its name, which is nobody's mistake here; and a server judges pods when they come
		isOurs := finding.Code != "duplicate" && (finding.Code != "pod-security" || all[at].kind == "Namespace")
		if finding.Severity == "error" && isOurs && verdicts[at] == "" {
			verdicts[at] = finding.Message
		}
	}
	return verdicts, nil
}

// Recall is the share, in thousandths, of what the server refuses that we refuse; every refusal of ours that the server does not share is a
// fault.
const recall = 995

func tally(all []mutant, ours []string, theirs []theirs, minor string, to *claim) {
	type score struct{ refused, seen, wrong int }
	kinds, total := map[string]*score{}, score{}
	var missed []string
	for at, mutant := range all {
		kind := kinds[mutant.kind]
		if kind == nil {
			kind = &score{}
			kinds[mutant.kind] = kind
		}
		switch own, other := ours[at] != "", theirs[at]; {
		case other.answer == neither:
			to.count("not judged", 1)
		case other.answer == refuses:
			kind.refused++
			if own {
				kind.seen++
			} else {
				missed = append(missed, fmt.Sprintf("%s %s%s\n%s", minor, mutant.kind, mutant.what, other.why))
			}
		case own:
			kind.wrong++
			to.holds(false, "%s %s%s is taken, and we say: %s", minor, mutant.kind, mutant.what, ours[at])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		kind := kinds[name]
		total.refused, total.seen, total.wrong = total.refused+kind.refused, total.seen+kind.seen, total.wrong+kind.wrong
		to.details = append(to.details, fmt.Sprintf("%s %s: %d of %d refusals, %d wrong", minor, name, kind.seen, kind.refused, kind.wrong))
	}
	to.count("mutants", len(all))
	to.count("refused by the servers", total.refused)
	to.count("of them by us", total.seen)
	to.missed = append(to.missed, missed...)
	to.holds(total.seen*1000 >= total.refused*recall, "%s: %d of %d refusals are less than %d in 1000", minor, total.seen, total.refused, recall)
}
