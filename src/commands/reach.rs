//! `platformgen reach`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;

use crate::commands::validate::manifests;
use crate::commands::{input, output};
use crate::derive::policies::public_ranges;
use crate::diagnostics::report::Report;
use crate::diagnostics::suggest;
use crate::emit;
use crate::manifest::document::Document;
use crate::manifest::read::{self, Dialect};
use crate::model::platform::Platform;
use crate::model::tree::Tree;
use crate::ordered::Ordered;
use crate::reach::matrix::Network;
use crate::reach::party::Party;
use crate::reach::pods::{self, Pods};
use crate::reach::port::{Port, Protocol};
use crate::reach::question::{Answer, Who};
use crate::reach::range::Range;
use crate::reach::{self, Connection, End};
use crate::spec::cluster::Cni;
use crate::spec::external::RangeSpec;
use crate::values::name::Name;

/// The exit code of an answer that is no.
const CLOSED: u8 = 1;

/// Arguments of `reach`.
#[derive(Args)]
#[command(after_help = "\
An end is a workload (`production/api`, or `api` if there is only one), an external or its host, an address, a range, a host,
or `any`. Of a range, parts in which more is open are told as well. Exit code: 0 something is open, 1 closed, 2 no answer.

Examples:
  platformgen reach                             every connection
  platformgen reach api                         whom the API can reach
  platformgen reach any auth                    who can reach the auth service
  platformgen reach image auth 8080             one question, with the policies that decide
  platformgen reach image 169.254.169.254       an address")]
pub struct ReachArgs {
    /// Who calls
    from: Option<String>,
    /// Who is called
    to: Option<String>,
    /// On which port of the pod: `8080`, `53/UDP`, a range, or a name that the pod gives it
    port: Option<String>,
    /// Manifests that anyone wrote, instead of the rendered platform; `-` for stdin
    #[arg(long, value_name = "FILE|DIR")]
    manifests: Vec<PathBuf>,
    /// The description; `-` for stdin
    #[arg(short, long, value_name = "FILE", default_value = "platform.toml", conflicts_with = "manifests")]
    file: PathBuf,
    /// Merge this environment over the description
    #[arg(long, value_name = "NAME", conflicts_with = "manifests")]
    environment: Option<String>,
    /// The connections as JSON
    #[arg(long)]
    json: bool,
}

/// Answers.
pub fn run(args: &ReachArgs) -> Result<ExitCode> {
    let mut platform = None;
    let (tree, dialect) = if args.manifests.is_empty() {
        let input = input::read(&args.file)?;
        let Some((described, bundle)) = input::render(&input, args.environment.as_deref(), emit::writer) else {
            bail!("the description is wrong");
        };
        platform = Some(described);
        (emit::tree(&bundle), Dialect::Own)
    } else {
        (manifests(&args.manifests)?, Dialect::Any)
    };
    let documents = documents(&tree, dialect)?;
    let network = Network::of(&documents, &Pods::default());
    let on_their_node = documents.iter().filter(|document| pods::is_on_its_node(document));
    let on_their_node = on_their_node.map(|document| format!("{}/{}", pods::namespace(document), document.id.name));
    let people = People { network: &network, platform: platform.as_ref(), on_their_node: on_their_node.collect() };
    let (from, to) = (people.find(args.from.as_deref())?, people.find(args.to.as_deref())?);
    let port = args.port.as_deref().map(port).transpose()?;
    match (from, to) {
        (Some(from), Some(to)) => {
            if args.json {
                bail!("`--json` lists connections; leave one end out");
            }
            people.answer(&from, &to, port.as_ref())
        }
        (from, to) => {
            let (from, to) = (from.map(|own| people.with_parts(own)), to.map(|own| people.with_parts(own)));
            let mut found = people.connections(from.as_deref(), to.as_deref());
            match &port {
                Some(Asked::Number(port)) => found.retain(|connection| port.meet(&connection.port).is_some()),
                Some(Asked::Name(..)) => bail!("a port has its name from the pod that is called; name both ends"),
                None => {}
            }
            output::write_stdout(shown(&found, args.json))?;
            // whoever asks for everything is told of everything; whoever asks of one end is told whether there is anything
            if found.is_empty() && (from.is_some() || to.is_some()) {
                output::complain("nothing is open\n");
                return Ok(ExitCode::from(CLOSED));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn documents(tree: &Tree, dialect: Dialect) -> Result<Vec<Document>> {
    let mut all = Vec::new();
    for file in &tree.files {
        let mut report = Report::default();
        all.extend(read::read(&file.text, dialect, &mut report));
        if report.has_errors() {
            bail!("{} cannot be read; `platformgen validate {0}` says why", file.path);
        }
    }
    Ok(all)
}

/// A port as it is asked for.
#[derive(Clone, Debug)]
enum Asked {
    Number(Port),
    /// Of any protocol, if none is said.
    Name(String, Option<Protocol>),
}

/// `8080`, `53/UDP`, `8000-8999`, `http`
fn port(text: &str) -> Result<Asked> {
    let (number, protocol) = text.split_once('/').map_or((text, None), |(number, name)| (number, Some(name)));
    let said = protocol.map(str::to_uppercase);
    let protocol = Protocol::read(said.as_deref())
        .with_context(|| format!("`{text}` has a protocol that is none of TCP, UDP and SCTP"))?;
    if !number.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Ok(Asked::Name(number.to_owned(), said.map(|_| protocol)));
    }
    let (first, last) = number.split_once('-').unwrap_or((number, number));
    let read = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    match (read(first), read(last)) {
        (Some(first), Some(last)) if first <= last => Ok(Asked::Number(Port::Numbers { protocol, first, last })),
        _ => bail!("`{text}` is no port; expected a number from 1 to 65535, such as `8080` or `53/UDP`"),
    }
}

/// An end that was asked for: what it is called, and what it is.
type Named = (String, Who);

struct People<'n, 'a> {
    network: &'n Network<'a>,
    platform: Option<&'n Platform>,
    /// Pods in the network of their node.
    on_their_node: Vec<String>,
}

impl People<'_, '_> {
    /// Whom a text means; `None` for everybody.
    fn find(&self, text: Option<&str>) -> Result<Option<Vec<Named>>> {
        let Some(text) = text.filter(|text| *text != "any") else { return Ok(None) };
        let pods = || self.network.pods.all.iter().map(|pod| pod.party.to_string()).enumerate();
        let whole: Vec<Named> =
            pods().filter(|(_, name)| name == text).map(|(at, name)| (name, Who::Pods(at))).collect();
        if !whole.is_empty() {
            return Ok(Some(whole));
        }
        let is_called = |name: &str| name.split_once('/').is_some_and(|(_, name)| name == text);
        let short: Vec<Named> =
            pods().filter(|(_, name)| is_called(name)).map(|(at, name)| (name, Who::Pods(at))).collect();
        match short.as_slice() {
            [] => {}
            [_] => return Ok(Some(short)),
            several => {
                let names = suggest::list(several.iter().map(|(name, _)| name.as_str()));
                bail!("`{text}` could be any of {names}");
            }
        }
        if let Some(name) = self.on_their_node.iter().find(|name| *name == text || is_called(name)) {
            bail!(
                "`{name}` is in the network of its node, where policies neither hold nor find it; ask for the node's address"
            );
        }
        if let Some(range) = Range::read(text, &[]) {
            return Ok(Some(vec![(text.to_owned(), Who::Addresses(range))]));
        }
        if let Some(found) = self.external(text) {
            return Ok(Some(found));
        }
        if text.contains('.') {
            return Ok(Some(vec![(text.to_owned(), Who::Named(text.to_owned()))]));
        }
        let names: Vec<String> = pods().map(|(_, name)| name).collect();
        let short = names.iter().filter_map(|name| name.split_once('/').map(|(_, name)| name));
        let externals = self.platform.into_iter().flat_map(|platform| platform.externals.keys().map(Name::as_str));
        match suggest::nearest(text, names.iter().map(String::as_str).chain(short).chain(externals)) {
            Some(near) => bail!("nothing here is called `{text}`; did you mean `{near}`?"),
            None => bail!("nothing here is called `{text}`; `platformgen reach` lists all that are connected"),
        }
    }

    /// Where an external is, by its name or by its host.
    fn external(&self, name: &str) -> Option<Vec<Named>> {
        let platform = self.platform?;
        let of_host = || platform.externals.iter().find(|(_, external)| external.host.to_string() == name);
        let of_name = platform.externals.iter().find(|(known, _)| known.as_str() == name);
        let external = of_name.or_else(of_host)?.1;
        let is_cilium = platform.facts.cluster.cni == Cni::Cilium;
        let range = |all: &str, except: &[String]| {
            let except: Vec<&str> = except.iter().map(String::as_str).collect();
            let called = Party::range(all, except.clone()).to_string();
            Some((called, Who::Addresses(Range::read(all, &except)?)))
        };
        let places = external.cidrs.iter().flat_map(|place| match place.value {
            RangeSpec::Public if is_cilium => {
                let host = external.host.to_string();
                vec![(host.clone(), Who::Named(host))]
            }
            RangeSpec::Public => {
                public_ranges(platform).iter().filter_map(|(all, except)| range(all, except)).collect()
            }
            RangeSpec::Range(cidr) => range(&cidr.to_string(), &[]).into_iter().collect(),
        });
        Some(places.collect())
    }

    /// One line for each port that is open, or for what is closed; and what the policies say.
    fn answer(&self, from: &[Named], to: &[Named], port: Option<&Asked>) -> Result<ExitCode> {
        let mut lines = Vec::new();
        let mut is_open = false;
        for (from_name, from) in from {
            for (to_name, to) in to {
                let asked = self.asked(to, to_name, port)?;
                let answer = self.network.ask(from, to, &asked);
                is_open |= !answer.open.is_empty();
                lines.push(said(from_name, to_name, &asked, &answer));
                // more may be open in a part of a range
                for (from_name, from, to_name, to) in self.within((from_name, from), (to_name, to)) {
                    let part = self.network.ask(&from, &to, &asked);
                    if part.open != answer.open {
                        is_open = true;
                        lines.push(said(&from_name, &to_name, &asked, &part));
                    }
                }
            }
        }
        output::write_stdout(lines)?;
        Ok(if is_open { ExitCode::SUCCESS } else { ExitCode::from(CLOSED) })
    }

    /// An end, and the parts of a range that it is.
    fn with_parts(&self, own: Vec<Named>) -> Vec<Named> {
        let mut all = own;
        let parts: Vec<Named> = all.iter().flat_map(|(_, own)| self.parts(own)).collect();
        all.extend(parts);
        all
    }

    fn parts(&self, own: &Who) -> Vec<Named> {
        let Who::Addresses(range) = own else { return Vec::new() };
        let parts = self.network.parts(range).into_iter();
        parts.map(|part| (part.party().to_string(), Who::Addresses(part))).collect()
    }

    /// The same question of each part of the ranges at its ends.
    fn within(&self, from: (&str, &Who), to: (&str, &Who)) -> Vec<(String, Who, String, Who)> {
        let calls = self.parts(to.1).into_iter().map(|(name, to)| (from.0.to_owned(), from.1.clone(), name, to));
        let called = self.parts(from.1).into_iter().map(|(name, from)| (name, from, to.0.to_owned(), to.1.clone()));
        calls.chain(called).collect()
    }

    /// The ports that are asked for, by the numbers that the called pod gives them.
    fn asked(&self, to: &Who, name: &str, port: Option<&Asked>) -> Result<Vec<Port>> {
        Ok(match port {
            None => vec![Port::Every],
            Some(Asked::Number(port)) => vec![port.clone()],
            Some(Asked::Name(own, protocol)) => {
                let protocols = Protocol::ALL.into_iter().filter(|known| protocol.is_none_or(|said| said == *known));
                let named = protocols.map(|protocol| Port::Named { protocol, name: own.as_str().into() });
                let found = match to {
                    Who::Pods(pod) => self.network.pods.all[*pod].resolved(&named.collect::<Vec<_>>()),
                    Who::Addresses(_) | Who::Named(_) => Vec::new(),
                };
                if found.is_empty() {
                    bail!("{name} has no port that is called `{own}`");
                }
                found
            }
        })
    }

    /// All connections of one end, or all there are.
    fn connections(&self, from: Option<&[Named]>, to: Option<&[Named]>) -> BTreeSet<Connection> {
        let all = self.network.connections();
        let (end, own) = match (from, to) {
            (Some(own), _) => (End::From, own),
            (_, Some(own)) => (End::To, own),
            (None, None) => return all,
        };
        let names: BTreeSet<&str> = own.iter().map(|(name, _)| name.as_str()).ordered();
        let is_own = |connection: &Connection| {
            let party = if end == End::From { &connection.from } else { &connection.to };
            names.contains(party.to_string().as_str())
        };
        let mut found: BTreeSet<Connection> = all.into_iter().filter(is_own).ordered();
        // what both ends allow to groups is a connection as well, and so is what is in a range
        for (name, own) in own {
            let own_party = match own {
                Who::Pods(pod) => self.network.pods.all[*pod].party.clone(),
                Who::Addresses(_) | Who::Named(_) => Party::Outside(name.as_str().into()),
            };
            // about pods that others make, only what a policy says counts, which has been listed
            let others = self.network.pods.all.iter().enumerate();
            for (at, pod) in others.filter(|(_, pod)| pod.party != own_party && !pod.is_stranger) {
                let (from, to, caller, called) = match end {
                    End::From => (own, &Who::Pods(at), &own_party, &pod.party),
                    End::To => (&Who::Pods(at), own, &pod.party, &own_party),
                };
                let open = self.network.ask(from, to, &[Port::Every]).open;
                found.extend(open.into_iter().map(|port| Connection {
                    from: caller.clone(),
                    to: called.clone(),
                    port,
                }));
            }
        }
        found
    }
}

/// `production/api → production/auth:8080 is open`, and below it what the policies say.
fn said(from: &str, to: &str, asked: &[Port], answer: &Answer<'_>) -> String {
    let line = |port: &Port, word: &str| format!("{from} → {to}{port} is {word}\n");
    let mut out: String = if answer.open.is_empty() {
        asked.iter().map(|port| line(port, "closed")).collect()
    } else {
        answer.open.iter().map(|port| line(port, "open")).collect()
    };
    for (end, judgement) in &answer.judgements {
        let own = if *end == End::From { from } else { to };
        let _ = writeln!(out, "  {own}: {}", judgement.said(*end));
    }
    out
}

fn shown(found: &BTreeSet<Connection>, is_json: bool) -> Vec<String> {
    if !is_json {
        return found.iter().map(|connection| format!("{connection}\n")).collect();
    }
    let one = |connection: &reach::Connection| {
        let port = connection.port.to_string();
        let mut out = json!({ "from": connection.from.to_string(), "to": connection.to.to_string() });
        if let Some(port) = port.strip_prefix(':') {
            out["port"] = port.into();
        }
        out
    };
    let all: Vec<_> = found.iter().map(one).collect();
    vec![format!("{:#}\n", json!({ "schema": "platformgen.io/reach/v1", "connections": all }))]
}
