//! The words of messages: templates of receivers, and the files that define some.

use std::collections::BTreeSet;

use crate::diagnostics::codes::{ALERT_TEMPLATE, MONITORING_CONFIG};
use crate::diagnostics::report::Diagnostic;
use crate::diagnostics::suggest;
use crate::manifest::node::Node;
use crate::validate::findings::Findings;
use crate::validate::monitoring::payloads::{self, Payload, Use};
use crate::validate::monitoring::scene::Scene;
use crate::validate::monitoring::sight::Seen;
use crate::validate::monitoring::templates::{self, OF_MESSAGES, Uses};
use crate::validate::world::World;

/// The templates that there are.
#[derive(Debug)]
struct Defined {
    names: BTreeSet<String>,
    /// Whether there can be no others.
    is_all: bool,
    /// Those that are named and not there, and have been told of: each is one mistake, however many messages need it.
    told: BTreeSet<String>,
}

impl Defined {
    /// The first template that is named, not there and not told of yet. Alertmanager brings some by itself.
    fn missing<'u>(&mut self, uses: &'u Uses) -> Option<&'u str> {
        let is_there = |name: &str| {
            name.contains(".default.")
                || name.starts_with("__")
                || self.names.contains(name)
                || self.told.contains(name)
                || uses.defines.iter().any(|own| own == name)
        };
        // a file that is not there is one mistake, whatever should be in it
        let is_asked = self.is_all && (self.told.is_empty() || !self.names.is_empty());
        let missing = uses.templates.iter().map(String::as_str).find(|name| is_asked && !is_there(name))?;
        self.told.insert(missing.to_owned());
        Some(missing)
    }
}

/// Judges the files that a configuration names, and what its receivers say.
pub fn read<'a>(world: &World<'a>, scene: &Scene<'a>, payload: &Payload<'a>, findings: &mut Findings) {
    let mut defined = Defined { names: BTreeSet::new(), is_all: true, told: BTreeSet::new() };
    let mut read: Vec<(&Node, Uses)> = Vec::new();
    for at in payload.root.items_at(&["templates"]) {
        findings.ask();
        let Some(pattern) = at.text() else { continue };
        let (mut texts, mut is_missing, mut is_read) = (Vec::new(), false, false);
        for reader in scene.readers_of(payload) {
            let (found, seen) = reader.matching(pattern);
            texts.extend(found);
            is_missing |= matches!(seen, Seen::NotInVolume | Seen::NoVolume);
            is_read = true;
            defined.is_all &= seen == Seen::Yes;
        }
        defined.is_all &= is_read;
        if is_missing {
            payload
                .error(findings, MONITORING_CONFIG, at, &format!("no file that is mounted matches `{pattern}`"))
                .help("every message that uses one of its templates fails");
        }
        texts.dedup_by_key(|node| std::ptr::from_ref(*node));
        for node in texts {
            findings.ask();
            match templates::read(node.text().unwrap_or_default(), OF_MESSAGES) {
                Ok(uses) => {
                    defined.names.extend(uses.defines.iter().cloned());
                    read.push((node, uses));
                }
                Err(fault) => {
                    defined.is_all = false;
                    let message = format!("the templates cannot be read: {}", fault.message);
                    if let Some(found) = in_file(world, node, fault.at, &message, findings) {
                        found.help("Alertmanager does not start").did_you_mean(fault.near);
                    }
                }
            }
        }
    }
    for (node, uses) in &read {
        if let Some(name) = defined.missing(uses) {
            let message = format!("there is no template `{name}`");
            if let Some(found) = in_file(world, node, 0, &message, findings) {
                found.help("no message that uses it is sent").did_you_mean(near(name, &defined));
            }
        }
    }
    for receiver in payload.root.items_at(&["receivers"]) {
        texts(payload, receiver, &mut defined, findings);
    }
}

fn near<'d>(name: &str, defined: &'d Defined) -> Option<&'d str> {
    suggest::nearest(name, defined.names.iter().map(String::as_str))
}

/// Tells what is wrong in a file of templates.
fn in_file<'f>(
    world: &World<'_>,
    node: &Node,
    at: usize,
    message: &str,
    findings: &'f mut Findings,
) -> Option<&'f mut Diagnostic> {
    let is_it = |own: &Node| std::ptr::eq(own, node);
    let mut all = world.objects.iter().flat_map(|thing| payloads::files(*thing).map(move |(_, own)| (*thing, own)));
    let (thing, own) = all.find(|(_, own)| is_it(own))?;
    let holder = Payload::of(world, thing, own, Use::Alertmanager, own.clone());
    let place = Node { span: (at..at + 1).into(), ..Node::of_text("") };
    Some(holder.error(findings, ALERT_TEMPLATE, &place, message))
}

/// Templates in what a receiver says.
fn texts(payload: &Payload<'_>, node: &Node, defined: &mut Defined, findings: &mut Findings) {
    if let Some(text) = node.text().filter(|text| text.contains("{{")) {
        findings.ask();
        let told = match templates::read(text, OF_MESSAGES) {
            Ok(uses) => {
                defined.missing(&uses).map(|name| (format!("there is no template `{name}`"), near(name, defined)))
            }
            Err(fault) => Some((fault.message, fault.near)),
        };
        if let Some((what, near)) = told {
            payload
                .error(findings, ALERT_TEMPLATE, node, &format!("a message cannot be filled in: {what}"))
                .did_you_mean(near);
        }
    }
    node.items().iter().for_each(|item| texts(payload, item, defined, findings));
    node.entries().iter().for_each(|entry| texts(payload, &entry.node, defined, findings));
}
