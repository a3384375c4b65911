// Judges what platformgen renders by the systems that it is for: real API servers on loopback, and what their
// administrators run against them. README.md says what is claimed.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == laboratory {
		if err := lab(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var j judge
	flag.StringVar(&j.root, "root", "..", "the repository")
	flag.StringVar(&j.programs.platformgen, "platformgen", "", "the program to judge")
	flag.StringVar(&j.programs.etcd, "etcd", "", "etcd")
	flag.StringVar(&j.programs.servers, "servers", "", "a directory of directories, named after minors, of kube-apiserver and kubectl")
	flag.StringVar(&j.only, "only", "", "try only platforms whose title contains this, and put no faults in")
	flag.StringVar(&j.claim, "claim", "", "try only the claim of this number, which no platform is applied for")
	flag.BoolVar(&j.proof, "prove", false, "only put the faults in")
	share := flag.Uint("share", 4, "try one in so many defects")
	flag.StringVar(&j.corpus, "corpus", "", "a file of texts that some reader of YAML takes for something else")
	flag.StringVar(&j.results, "results", "", "a file for the figures")
	minors := flag.String("minors", "1.35,1.36,1.37", "minors to try the flagship on")
	modules := flag.String("modules", "", "module=directory,… of the modules that ship definitions")
	others := flag.String("programs", "", "name=directory,… of the programs that a platform is made of")
	flag.Parse()
	j.share = uint32(*share)
	j.minors, j.modules, j.programs.others = strings.Split(*minors, ","), pairs(*modules), pairs(*others)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ok, err := j.everything(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func pairs(text string) map[string]string {
	found := map[string]string{}
	for _, pair := range strings.Split(text, ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			found[name] = value
		}
	}
	return found
}

// The claims that are tried on each platform, in the order of the README.
type claims struct{ applies, pods, rights claim }

func newClaims() *claims {
	return &claims{
		applies: claim{name: "1 applies in order without a warning, and again without a change"},
		pods:    claim{name: "2 pods at their largest are admitted within quota, and others are not"},
		rights:  claim{name: "3 accounts may do what they need and nothing else"},
	}
}

func (c *claims) each() []*claim { return []*claim{&c.applies, &c.pods, &c.rights} }

// What a run is told, and what it started.
type judge struct {
	root, only, claim, results, corpus string
	proof                              bool
	share                              uint32
	minors                             []string
	modules                            map[string]string
	programs                           programs
	definitions                        []definition
	store                              *store
	// what Prometheus is tried in, once it is
	world *world
}

func (j *judge) everything(ctx context.Context) (bool, error) {
	platforms, err := platforms(j.root, j.minors)
	if err != nil {
		return false, err
	}
	if j.definitions, err = readDefinitions(j.modules); err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "platformgen-conformance-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	if j.store, err = startStore(ctx, dir, j.programs); err != nil {
		return false, err
	}
	defer j.store.stop()
	defer func() {
		if j.world != nil {
			j.world.close()
		}
	}()

	if j.proof {
		return j.prove(ctx, platforms, os.Stdout)
	}
	var found []*claim
	if j.claim == "" {
		of, err := j.each(ctx, platforms)
		if err != nil {
			return false, err
		}
		found = of.each()
	}
	if j.only == "" || j.claim != "" {
		more, err := j.trials(ctx, platforms)
		if err != nil {
			return false, err
		}
		found = append(found, more...)
	}
	ok := len(found) > 0
	for _, claim := range found {
		ok = ok && len(claim.faults) == 0
		fmt.Println(claim.line())
		claim.complain(os.Stdout)
		if j.claim != "" {
			fmt.Println(strings.Join(append(claim.details, claim.missed...), "\n"))
		}
	}
	if j.only != "" || j.claim != "" {
		return ok, nil
	}
	proved, err := j.prove(ctx, platforms, os.Stdout)
	if err != nil {
		return false, err
	}
	if ok && proved && j.results != "" {
		err = j.write(platforms, found)
	}
	return ok && proved, err
}

// Tries every platform, each on a server of its own.
func (j *judge) each(ctx context.Context, platforms []platform) (*claims, error) {
	all, tried := newClaims(), 0
	as := func(stream string) string { return stream }
	for at, platform := range platforms {
		if !strings.Contains(platform.title(), j.only) {
			continue
		}
		began, found := time.Now(), newClaims()
		// who may do what is asked once for each platform, for the minor that it is written for
		only := func(claim int) bool { return claim != 2 || platform.minor == platform.own }
		if err := j.one(ctx, fmt.Sprintf("p%d", at), platform, as, only, found); err != nil {
			return nil, fmt.Errorf("%s: %w", platform.title(), err)
		}
		for at, claim := range all.each() {
			claim.take(platform.title(), found.each()[at])
		}
		fmt.Fprintf(os.Stderr, "tried %s in %d s\n", platform.title(), int(time.Since(began).Seconds()))
		tried++
	}
	if tried == 0 {
		return nil, fmt.Errorf("no platform's title contains %q", j.only)
	}
	for _, claim := range all.each() {
		claim.count("platforms", tried)
	}
	return all, nil
}

// Tries one platform, whose stream goes through `as` first, for those claims that `only` names.
func (j *judge) one(
	ctx context.Context, name string, platform platform, as func(string) string, only func(int) bool, claims *claims,
) error {
	stream, err := platform.render(ctx, j.programs.platformgen)
	if err != nil {
		return err
	}
	if stream, err = j.decrypted(ctx, as(stream)); err != nil {
		return err
	}
	objects, err := objects(stream)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server, err := startServer(ctx, name, platform.minor, j.store, j.programs)
	if err != nil {
		return err
	}
	defer server.close()
	if err := server.define(ctx, j.definitions, objects); err != nil {
		return err
	}
	server.play(ctx)

	if err := server.applies(ctx, stream, objects, &claims.applies); err != nil {
		return err
	}
	if len(claims.applies.faults) > 0 {
		return nil // what is not there can not be judged
	}
	if err := server.quotasBind(ctx); err != nil {
		return err
	}
	manager := platform.manager()
	if only(0) {
		err := server.wire(ctx, account(manager.namespace, manager.name+"-cainjector"))
		claims.applies.holds(err == nil, "%v", err)
		if err := server.live(ctx); err != nil {
			return err
		}
		if err := server.staysTheSame(ctx, stream, &claims.applies); err != nil {
			return err
		}
	}
	if only(2) {
		if err := server.grants(ctx, platform, j.programs.platformgen, &claims.rights); err != nil {
			return err
		}
	}
	if !only(1) {
		return nil
	}
	if err := server.admitsPods(ctx, &claims.pods); err != nil {
		return err
	}
	if manager.name != "" {
		if err := server.admitsSolvers(ctx, manager, &claims.pods); err != nil {
			return err
		}
	}
	return server.refusesOthers(ctx, platform, &claims.pods)
}

func (j *judge) write(platforms []platform, all []*claim) error {
	versions, err := versions(j.root)
	if err != nil {
		return err
	}
	return os.WriteFile(j.results, []byte(results(platforms, all)+"\nJudged by "+strings.Join(versions, ", ")+".\n"), 0o644)
}

// What the judges are: the module that each directory pins first, and its version.
func versions(root string) ([]string, error) {
	var found []string
	for _, pattern := range []string{"servers/*/go.mod", "programs/*/go.mod", "crds/go.mod"} {
		files, err := filepath.Glob(filepath.Join(root, "conformance", pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			for _, pin := range pins.FindAllStringSubmatch(string(text), -1) {
				found = append(found, pin[1]+" "+pin[2])
			}
		}
	}
	return found, nil
}

// Modules whose programs or definitions are used, and their versions.
var pins = regexp.MustCompile(`(?m)^(?:require )?\t?(k8s\.io/kubernetes|go\.etcd\.io/etcd/server/v3|github\.com/(?:cert-manager/cert-manager|external-secrets/external-secrets|cilium/cilium|prometheus/prometheus|prometheus/alertmanager|distribution/distribution/v3|owenrumney/go-sarif/v3|bitnami(?:-labs)?/sealed-secrets|getsops/sops/v3|kedacore/keda/v2|prometheus-operator/prometheus-operator)|k8s\.io/pod-security-admission|sigs\.k8s\.io/gateway-api) (v\S+)$`)

// The figures of a run, without how long it took.
func results(platforms []platform, all []*claim) string {
	var text strings.Builder
	text.WriteString("# Results\n\nWritten by `conformance/run`; README.md says what each claim means.\n\n")
	for _, claim := range all {
		fmt.Fprintf(&text, "- %s\n", claim.line())
	}
	text.WriteString("\nRefusals by kind, of which we see so many:\n\n")
	for _, claim := range all {
		for _, detail := range claim.details {
			fmt.Fprintf(&text, "- %s\n", detail)
		}
	}
	fmt.Fprintf(&text, "\n- %d faults put in, each noticed\n\nPlatforms: ", putIn())
	var titles []string
	for _, platform := range platforms {
		titles = append(titles, platform.title())
	}
	return text.String() + strings.Join(titles, ", ") + ".\n"
}
