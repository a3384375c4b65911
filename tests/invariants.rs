//! What holds for every object of every example platform: quantified, not sampled. Each promise is a test, and for
//! each there are changes to the flagship that break it and must be noticed.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use support::examples::{World, flagship, worlds};
use support::faults::Faults;
use support::mutations;
use support::{
    alerts, api_semantics, availability, consistency, identities, order, pod_security, quota, references, resources,
    rights, secrecy, selectors, stores,
};

/// A check: what it finds wrong with a platform.
type Check = fn(&World, &mut Faults);

macro_rules! promises {
    ($($(#[doc = $doc:literal])+ $name:ident: $check:path;)*) => {
        $($(#[doc = $doc])+ #[test] fn $name() { everywhere($check); })*

        /// Every promise by name.
        const PROMISES: &[(&str, Check)] = &[$((stringify!($name), $check)),*];
    };
}

promises! {
    /// No two objects are one.
    ids_are_unique: identities::ids;
    /// Namespaced objects name a declared namespace, cluster-scoped ones none.
    objects_name_their_namespace: identities::places;
    /// No `status`, no null, nothing empty except where emptiness is the meaning.
    nothing_is_empty: identities::nothing_is_empty;
    /// Every port of a Service, container or policy names its protocol.
    ports_name_their_protocol: identities::protocols;
    /// Every object and pod has the recommended labels.
    objects_are_labelled: identities::labels;
    /// Every namespace enforces what the description says, at the target's version.
    namespaces_enforce_pod_security: identities::pod_security_labels;
    /// Containers, ports, volumes, variables and mounts have names of their own.
    names_in_pods_are_distinct: identities::names_in_pods;

    /// Selectors consist of name and instance.
    selectors_say_only_what_never_changes: selectors::say_only_what_never_changes;
    /// Every selector finds the pods of one workload.
    selectors_find_pods: selectors::find_pods;
    /// Policies tell namespaces by the label that nobody can set.
    policies_tell_namespaces_by_name: selectors::namespaces_are_told_by_name;

    /// Every reference is found, with the key that it names.
    references_are_found: references::are_found;
    /// No Secret has two makers.
    secrets_have_one_maker: references::secrets_have_one_maker;
    /// What exists only to be named is named.
    nothing_is_an_orphan: references::nothing_is_an_orphan;
    /// What is applied twice stays the same, whatever the operator fills in.
    external_secrets_are_spelled_out: stores::leave_nothing_to_defaults;
    /// Mounts and volumes belong together.
    mounts_are_found: references::mounts_are_found;
    /// Ports of Services lead to ports of pods.
    services_lead_to_ports: api_semantics::services_lead_to_ports;
    /// Whoever asks one of several replicas with data of their own goes on asking the same one.
    callers_stay_with_one_replica: api_semantics::callers_stay_with_one_replica;
    /// Probes ask ports of their own container.
    probes_ask_declared_ports: api_semantics::probes_ask_declared_ports;
    /// Routes, webhooks and aggregated APIs lead to ports of Services; routes are secured.
    routes_lead_to_services: api_semantics::routes_lead_to_services;
    /// Autoscalers have a target that leaves the number to them and requests what they measure.
    autoscalers_own_their_targets: api_semantics::autoscalers_own_their_targets;
    /// Addresses in variables, arguments and configuration are those of Services.
    addresses_are_found: api_semantics::addresses_are_found;
    /// `$(NAME)` in arguments is a variable of the container.
    arguments_expand: api_semantics::arguments_expand;
    /// Images do not move, and private ones can be pulled.
    images_are_exact: api_semantics::images_are_exact;

    /// An alert about what is gone names it.
    absences_say_where: alerts::absences_say_where;
    /// A critical alert is muted by nothing but what is about the same pod.
    only_the_same_pod_mutes: alerts::only_the_same_pod_mutes_what_is_critical;

    /// Every pod is `restricted`.
    pods_are_restricted: pod_security::restricted;
    /// No container but the listed ones can write to its image.
    roots_are_read_only: pod_security::read_only_roots;
    /// Pods keep the house's own rules.
    pods_keep_the_house_rules: pod_security::house_rules;

    /// Every container says what it needs and what it may use.
    resources_are_bounded: resources::are_bounded;
    /// Scratch directories have a size that fits.
    scratch_fits: resources::scratch_fits;
    /// Containers that last are asked for their health.
    lasting_containers_have_probes: availability::probes;
    /// Two pods or more have a budget, one has none.
    budgets_fit_replicas: availability::budgets;
    /// Pods end before they are killed.
    ends_are_graceful: availability::graceful_ends;
    /// Updates leave no gap that a volume does not force.
    updates_leave_no_gap: availability::updates;
    /// Replicas spread as the description asks.
    replicas_spread: availability::spread;
    /// Quotas hold every workload at its largest.
    quotas_hold: quota::hold;
    /// Externals take as many connections as all replicas may hold.
    pools_fit: quota::pools_fit;
    /// Limits of a namespace admit what is in it.
    limits_admit: quota::limits_admit;

    /// Rules mean what they say and make no more rights.
    rules_are_exact: rights::rules;
    /// Bindings give to one account of the same component.
    bindings_are_narrow: rights::bindings;
    /// Pods get a token if and only if it is good for something.
    tokens_are_for_rights: rights::tokens;
    /// No secret value is anywhere.
    nothing_secret_is_written: secrecy::nothing_secret_is_written;

    /// What is named stands before who names it.
    names_come_first: order::names_come_first;
    /// Policies and quotas stand before pods, webhooks after.
    guards_come_first: order::guards_come_first;
}

/// The examples render; what does not would escape every other check.
#[test]
fn every_example_renders() {
    none(&consistency::every_example_renders());
}

/// The tree, the stream and the list hold the same objects.
#[test]
fn forms_agree() {
    none(&consistency::forms_agree());
}

/// Paths of the tree differ in more than case.
#[test]
fn paths_are_distinct() {
    none(&consistency::paths_are_distinct());
}

/// Rendering twice gives the same bytes.
#[test]
fn text_is_stable() {
    none(&consistency::text_is_stable());
}

/// A check that cannot fail proves nothing: for every promise, each change that breaks it is noticed.
#[test]
fn every_promise_can_be_broken() {
    let whole = flagship();
    let mut faults = Vec::new();
    for (name, check) in PROMISES {
        let before = found(whole, *check);
        let mut tried = false;
        for mutation in mutations::all().filter(|mutation| mutation.breaks == *name) {
            tried = true;
            let mut broken = whole.clone();
            (mutation.change)(&mut broken);
            if found(&broken, *check).is_subset(&before) {
                faults.push(format!("{name} does not notice: {}", mutation.what));
            }
        }
        if !tried {
            faults.push(format!("{name} has no mutation"));
        }
    }
    let known: Vec<&str> = PROMISES.iter().map(|(name, _)| *name).collect();
    let unknown = mutations::all().filter(|mutation| !known.contains(&mutation.breaks));
    faults.extend(unknown.map(|mutation| format!("`{}` is no promise", mutation.breaks)));
    none(&faults);
}

fn found(world: &World, check: Check) -> BTreeSet<String> {
    let mut faults = Faults::default();
    check(world, &mut faults);
    faults.0
}

fn everywhere(check: Check) {
    assert!(worlds().len() > 4, "the examples render");
    let faults = worlds().iter().flat_map(|world| {
        found(world, check).into_iter().map(|fault| format!("{}: {fault}", world.name)).collect::<Vec<_>>()
    });
    none(&faults.collect::<Vec<_>>());
}

fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
