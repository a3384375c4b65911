package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"maps"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// An Alertmanager as rendered, with all of its replicas, on a node with those whom it tells.
type bell struct {
	node       *node
	of         component
	platform   platform
	set        appsv1.StatefulSet
	pods       []*runningPod
	roots      []string
	running    map[string]*process
	targets    []string
	sinks      *sinks
	began      time.Time
	heard      map[string][]string
	addressees map[string]string
}

// Tries every Alertmanager on the minor that its platform is written for, all at once.
func (j *judge) rings(ctx context.Context, platforms []platform, fault string, to *claim) error {
	return each(platforms, func(platform platform, found *claim) error {
		as, isTried := mufflings.of(fault, platform.title())
		if !isTried || platform.minor != platform.own || platform.one("alertmanager").name == "" {
			return nil
		}
		found.count("platforms", 1)
		return j.ring(ctx, platform, as, found)
	}, to)
}

func (j *judge) ring(ctx context.Context, platform platform, as func(string) (string, error), to *claim) error {
	stream, err := platform.render(ctx, j.programs.platformgen)
	if err != nil {
		return err
	}
	if stream, err = as(stream); err != nil {
		return err
	}
	objects, err := objects(hurried(stream))
	if err != nil {
		return err
	}
	node, err := newNode()
	if err != nil {
		return err
	}
	defer node.close()
	b := &bell{node: node, platform: platform, of: platform.one("alertmanager"), sinks: &sinks{}, began: time.Now()}
	if err := rendered(objects, "StatefulSet", b.of.namespace, b.of.name, &b.set); err != nil {
		return err
	}
	secrets, err := b.listen()
	if err != nil {
		return err
	}
	if b.targets, err = targets(objects, platform); err != nil {
		return err
	}
	has := belongings{files: filesOf(objects, b.of.namespace), secrets: secrets}
	if err := b.place(has, j.programs.others["alertmanager"]); err != nil {
		to.holds(false, "%v", err)
		return nil
	}
	return b.judge(ctx, to)
}

// Waits of minutes take a hundredth of what is rendered, so that nobody waits for minutes; what is waited for after a
// start, when everything comes again, a twentieth.
func hurried(stream string) string {
	stream = shortened(stream, minutes, 100)
	return shortened(stream, startDelay, 20)
}

var (
	minutes    = regexp.MustCompile(`(?m)^( +(?:group_wait|group_interval|repeat_interval): )(\w+)$`)
	startDelay = regexp.MustCompile(`(?m)^( +- --dispatch\.start-delay=)(\w+)$`)
)

func shortened(stream string, waits *regexp.Regexp, by time.Duration) string {
	return waits.ReplaceAllStringFunc(stream, func(line string) string {
		parts := waits.FindStringSubmatch(line)
		wait, err := time.ParseDuration(parts[2])
		if err != nil || wait > 5*time.Minute {
			return line
		}
		return parts[1] + (wait / by).String()
	})
}

// Opens whom the description names, and makes the secrets by which they are reached.
func (b *bell) listen() (map[string]map[string]string, error) {
	secrets := map[string]map[string]string{}
	keep := func(reference, value string) {
		name, key, _ := strings.Cut(reference, "/")
		if secrets[name] == nil {
			secrets[name] = map[string]string{}
		}
		secrets[name][key] = value
	}
	email, slack, heartbeat := table(b.of.keys, byEmail), table(b.of.keys, bySlack), table(b.of.keys, byHeartbeat)
	b.addressees = map[string]string{byEmail: fmt.Sprint(email["to"]), bySlack: fmt.Sprint(slack["channel"])}
	if email != nil {
		relay := &relay{sinks: b.sinks, from: fmt.Sprint(email["from"])}
		if user, isKnown := email["user"]; isKnown {
			relay.user, relay.password = fmt.Sprint(user), rand.Text()
			keep(fmt.Sprint(email["password"]), relay.password)
		}
		if err := b.mail(fmt.Sprint(email["via"]), relay); err != nil {
			return nil, err
		}
	}
	for by, at := range map[string]struct{ via, reference any }{
		bySlack: {slack["via"], slack["webhook"]}, byHeartbeat: {heartbeat["via"], heartbeat["url"]},
	} {
		if at.via == nil {
			continue
		}
		url, err := b.hook(fmt.Sprint(at.via), by)
		if err != nil {
			return nil, err
		}
		keep(fmt.Sprint(at.reference), url)
	}
	b.heard = routed(email != nil, slack != nil, heartbeat != nil, table(b.of.keys, "routes"))
	return secrets, nil
}

// Who hears what, as the description says or as its documentation says of those who say nothing: critical alerts go
// everywhere, and warnings to Slack if there is Slack.
func routed(email, slack, heartbeat bool, says map[string]any) map[string][]string {
	heard := map[string][]string{}
	if email {
		heard["critical"], heard["warning"] = append(heard["critical"], byEmail), []string{byEmail}
	}
	if slack {
		heard["critical"], heard["warning"] = append(heard["critical"], bySlack), []string{bySlack}
	}
	for urgency, channels := range says {
		heard[urgency] = nil
		for _, channel := range channels.([]any) {
			heard[urgency] = append(heard[urgency], fmt.Sprint(channel))
		}
	}
	if heartbeat {
		heard["heartbeat"] = []string{byHeartbeat}
	}
	return heard
}

// Gives an external an address of its own, and a certificate for its name.
func (b *bell) external(name string) (host, address string, certificate *tls.Certificate, err error) {
	host, port := b.platform.external(name)
	if b.node.hosts[host] == "" {
		b.node.hosts[host] = fmt.Sprintf("127.0.1.%d", len(b.node.hosts)+1)
	}
	certificate, err = b.node.authority.serving([]string{host})
	return host, b.node.hosts[host] + ":" + port, certificate, err
}

func (b *bell) mail(via string, relay *relay) error {
	_, address, certificate, err := b.external(via)
	if err != nil {
		return err
	}
	listener, err := b.node.listen(address)
	if err != nil {
		return err
	}
	relay.implicit = strings.HasSuffix(address, ":465")
	relay.tls = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	go relay.serve(listener)
	return nil
}

// The secret address of a webhook.
func (b *bell) hook(via, by string) (string, error) {
	host, address, certificate, err := b.external(via)
	if err != nil {
		return "", err
	}
	listener, err := b.node.listen(address)
	if err != nil {
		return "", err
	}
	_, port, _ := strings.Cut(address, ":")
	at := path.Join("/services", rand.Text())
	b.sinks.webhook(listener, certificate, at, by)
	return "https://" + host + ":" + port + at, nil
}

// Whom the rendered Prometheus sends alerts to.
func targets(objects []unstructured.Unstructured, platform platform) ([]string, error) {
	for _, files := range filesOf(objects, platform.one("prometheus").namespace) {
		var says struct {
			Alerting struct {
				Alertmanagers []struct {
					Static []struct{ Targets []string } `json:"static_configs"`
				}
			}
		}
		if err := yaml.Unmarshal([]byte(files["prometheus.yml"]), &says); err != nil {
			return nil, err
		}
		for _, some := range says.Alerting.Alertmanagers {
			for _, static := range some.Static {
				return static.Targets, nil
			}
		}
	}
	return nil, fmt.Errorf("its Prometheus sends alerts to nobody")
}

// Makes the pods of the StatefulSet, each with an address and the name that its headless Service gives it.
func (b *bell) place(has belongings, programs string) error {
	for ordinal := range int(*b.set.Spec.Replicas) {
		name, ip := fmt.Sprintf("%s-%d", b.set.Name, ordinal), fmt.Sprintf("127.0.0.%d", ordinal+2)
		b.node.hosts[strings.Join([]string{name, b.set.Spec.ServiceName, b.set.Namespace, "svc.cluster.local"}, ".")] = ip
	}
	for ordinal := range int(*b.set.Spec.Replicas) {
		name, ip := fmt.Sprintf("%s-%d", b.set.Name, ordinal), fmt.Sprintf("127.0.0.%d", ordinal+2)
		pod, err := b.node.pod(name, ip, b.set.Spec.Template.Spec, has, programs)
		if err != nil {
			return err
		}
		for _, volume := range b.set.Spec.VolumeClaimTemplates {
			if err := pod.claim(volume.Name); err != nil {
				return err
			}
		}
		root, err := pod.root(b.container())
		if err != nil {
			return err
		}
		b.pods, b.roots = append(b.pods, pod), append(b.roots, root)
	}
	return nil
}

func (b *bell) container() corev1.Container { return b.set.Spec.Template.Spec.Containers[0] }

// Has the configuration checked, starts every replica, and posts alerts to them.
func (b *bell) judge(ctx context.Context, to *claim) error {
	var file string
	for _, argument := range b.container().Args {
		if value, isFile := strings.CutPrefix(argument, "--config.file="); isFile {
			file = value
		}
	}
	text, isGood, err := b.pods[0].run(ctx, b.roots[0], "amtool", nil, programsAt+"/amtool", "check-config", file)
	if err != nil {
		return err
	}
	to.holds(isGood && strings.Contains(text, "SUCCESS"), "amtool: %s", text)
	b.running = map[string]*process{}
	for at, pod := range b.pods {
		if err := b.start(ctx, at, pod); err != nil {
			to.holds(false, "%v", err)
			return nil
		}
	}
	to.count("replicas", len(b.pods))
	return b.tell(ctx, to)
}

func (b *bell) start(ctx context.Context, at int, pod *runningPod) error {
	var extra []string
	if len(b.pods) > 1 {
		// they share a network here, and agree faster on who speaks
		extra = []string{"--web.listen-address=" + pod.ip + ":" + b.port(), "--cluster.peer-timeout=" + turn.String()}
	}
	process, err := pod.start(b.roots[at], b.container(), programsAt+"/alertmanager", extra...)
	if err != nil {
		return err
	}
	b.running[pod.name] = process
	return pod.isUp(ctx, process, b.container())
}

// How long a replica leaves it to the one before to speak.
const turn = time.Second

func (b *bell) port() string { return strconv.Itoa(int(b.container().Ports[0].ContainerPort)) }

// Posts what is first, then what that must inhibit; then all of it again after one was away; then that they are over,
// those first that are inhibited.
func (b *bell) tell(ctx context.Context, to *claim) error {
	expected := map[message]bool{}
	for _, round := range []struct {
		names  []string
		fire   bool
		before func(context.Context) error
	}{
		{named(1), true, nil}, {named(2), true, nil},
		{named(1, 2, 3), true, b.fails},
		{named(2, 3), false, nil}, {named(1), false, nil},
	} {
		if round.before != nil {
			if err := round.before(ctx); err != nil {
				to.holds(false, "%v", err)
				return nil
			}
		}
		if err := b.post(ctx, round.names, round.fire); err != nil {
			to.holds(false, "Prometheus reaches nobody: %v", err)
			return nil
		}
		these := b.expected(round.names, round.fire)
		heard := b.hears(ctx, these, to)
		maps.Copy(expected, these)
		if !heard {
			break
		}
		// who has yet to speak must have nothing to say
		if err := sleep(ctx, time.Duration(len(b.pods))*turn); err != nil {
			return err
		}
	}
	to.count("alerts", len(alerts))
	b.heardNoMore(expected, to)
	if len(to.faults) > 0 {
		return nil
	}
	if err := b.hearsCrowd(ctx, true, to); err != nil || len(to.faults) > 0 {
		return err
	}
	return b.hearsCrowd(ctx, false, to)
}

// One of several replicas goes, for good; one that is alone comes back. What is inhibited is sent again first, for
// Prometheus sends rule by rule.
func (b *bell) fails(ctx context.Context) error {
	b.running[b.pods[0].name].stop()
	if len(b.pods) > 1 {
		b.targets = b.targets[1:]
	} else if err := b.start(ctx, 0, b.pods[0]); err != nil {
		return err
	}
	if err := b.post(ctx, named(2, 3), true); err != nil {
		return err
	}
	return sleep(ctx, time.Second)
}

func sleep(ctx context.Context, how time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(how):
		return nil
	}
}
