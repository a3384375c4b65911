//! `platformgen seal`: values into files that only the controller of a cluster can open. Values come from stdin or a
//! prompt, never from an argument, and are never shown.

mod file;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Error, Result, bail, ensure};
use clap::Args;
use getrandom::SysRng;

use crate::commands::seal::values::Value;
use crate::commands::shelf::Directory;
use crate::commands::{TROUBLE, input, output, shelf};
use crate::derive::secrets::sealed::sealed_secret;
use crate::derive::secrets::{DOCKER_CONFIG, Demand};
use crate::diagnostics::report::Report;
use crate::diagnostics::suggest;
use crate::model::encrypted::{Marks, SealedValues};
use crate::model::identity::platform_labels;
use crate::model::platform::Platform;
use crate::model::workload::SecretContent;
use crate::ordered::Ordered;
use crate::pipeline;
use crate::sealing::certificate::Certificate;
use crate::sealing::cipher::{self, LARGEST};
use crate::sealing::credential::Credential;
use crate::spec::secrets::Backend;
use crate::stages::build;
use crate::values::name::Name;
use crate::values::parse::Parse;
use crate::values::secret_ref::SecretKey;
use crate::values::shelf::Shelf;

/// Arguments of `seal`.
#[derive(Args)]
pub struct SealArgs {
    /// The Secret; or the name of a credential, such as the `users` of a registry, for all that is made of it
    #[arg(value_name = "NAMESPACE/SECRET|CREDENTIAL")]
    secret: String,
    /// Keys to seal: one from stdin, or each from a prompt [default: every key that the Secret needs]
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    /// The controller's certificate, as `kubeseal --fetch-cert` writes it [default: the last of the description]
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// With a credential: the user name
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// The description
    #[arg(short, long, value_name = "FILE", default_value = "platform.toml")]
    file: PathBuf,
    /// Merge this environment over the description
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
}

/// What all values are sealed with and for.
struct Desk<'a> {
    platform: &'a Platform,
    demands: Vec<Demand>,
    certificate: Certificate,
    /// The directory of the description.
    beside: PathBuf,
    /// The same, as messages name it.
    shelf: Directory,
}

/// Seals, and says into which files.
pub fn run(args: &SealArgs) -> Result<ExitCode> {
    ensure!(
        args.file != Path::new("-"),
        "the description must be a file: values are sealed beside it, and stdin is for a value"
    );
    let input = input::read(&args.file)?;
    let mut report = Report::default();
    let platform = pipeline::platform(input.described(), args.environment.as_deref(), &mut report);
    input::tell(&input, &report);
    let Some(platform) = platform else { return Ok(ExitCode::from(TROUBLE)) };
    let secrets = &platform.facts.secrets;
    ensure!(
        secrets.backend.value == Backend::Sealed,
        "the description does not use `backend = \"sealed\"`, so nothing would read what is sealed"
    );
    let beside = shelf::directory(&args.file).to_owned();
    let certificate = certificate(args, &platform, &beside)?;
    let (demands, shelf) = (build::secrets(&platform), Directory::of(&args.file));
    let desk = Desk { platform: &platform, demands, certificate, beside, shelf };
    let written = if args.secret.contains('/') { desk.secret(args)? } else { desk.credential(args)? };
    let until = desk.certificate.last_day();
    for path in written {
        output::complain(&format!("{path}: sealed for {} (until {until})\n", &desk.certificate.fingerprint()[..16]));
    }
    Ok(ExitCode::SUCCESS)
}

/// The certificate that seals: good today, and one of those that the description names.
fn certificate(args: &SealArgs, platform: &Platform, beside: &Path) -> Result<Certificate> {
    let named = || platform.facts.secrets.certificates.iter().map(|path| beside.join(path.value.as_str()));
    let Some(place) = args.cert.clone().or_else(|| named().next_back()) else {
        bail!("name the certificate of the controller with `--cert FILE`; `kubeseal --fetch-cert` writes it");
    };
    let certificate = read_certificate(&place)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    ensure!(
        !certificate.has_ended(now),
        "{} has expired on {}: fetch the one that the controller uses now",
        place.display(),
        certificate.last_day()
    );
    let known: Vec<PathBuf> = named().collect();
    let is_known =
        |place: &PathBuf| read_certificate(place).map(|known| known.fingerprint() == certificate.fingerprint());
    let all = known.iter().map(is_known).collect::<Result<Vec<bool>>>()?;
    ensure!(
        all.is_empty() || all.contains(&true),
        "{} is none of the `certificates` of the description, so what it seals would not be rendered",
        place.display()
    );
    Ok(certificate)
}

fn read_certificate(place: &Path) -> Result<Certificate> {
    let text = fs::read_to_string(place).with_context(|| format!("cannot read {}", place.display()))?;
    Certificate::read(&text).map_err(|fault| Error::msg(format!("{} {fault}", place.display())))
}

impl Desk<'_> {
    /// Seals keys of one Secret.
    fn secret(&self, args: &SealArgs) -> Result<Vec<String>> {
        let demand = self.demanded(&args.secret)?;
        if let Some(from) = demand.credential() {
            bail!("{} is made of the credential `{from}`; `platformgen seal {from}` seals all that is", demand.place());
        }
        ensure!(args.username.is_none(), "`--username` goes with a credential; {} is a Secret", demand.place());
        let keys = keys(demand, &args.keys)?;
        let read = values::read(&keys, &demand.place())?;
        for (key, value) in &read {
            if key == DOCKER_CONFIG {
                self.docker_config(demand, value)?;
            }
        }
        Ok(vec![self.write(demand, read)?])
    }

    /// A docker configuration logs in to every registry from which the namespace pulls with this Secret.
    fn docker_config(&self, demand: &Demand, value: &Value) -> Result<()> {
        let Some(hosts) = hosts(value) else {
            bail!("the value of `{DOCKER_CONFIG}` is no docker configuration; expected JSON with `auths`");
        };
        let components = self.platform.components.iter().zip(build::workloads(self.platform));
        let own = components.filter(|(declared, _)| declared.own.namespace == demand.namespace);
        let images = own.flat_map(|(declared, workloads)| {
            let site = build::site(declared, self.platform);
            workloads.iter().filter_map(move |workload| site.pull_secret(&workload.main.image))
        });
        let mut wanted = images.filter(|pull| pull.name == demand.name).map(|pull| pull.host);
        if let Some(missing) = wanted.find(|host| !hosts.contains(host)) {
            let known = suggest::joined(hosts.iter().map(String::as_str), "and");
            bail!(
                "this docker configuration logs in to {known}, and images in {} come from `{missing}`",
                demand.namespace
            );
        }
        Ok(())
    }

    /// Seals all that is made of one user name and password.
    fn credential(&self, args: &SealArgs) -> Result<Vec<String>> {
        let made = || {
            self.demands.iter().filter(|demand| demand.credential().is_some_and(|from| from.as_str() == args.secret))
        };
        if made().next().is_none() {
            let credentials: BTreeSet<&str> =
                self.demands.iter().filter_map(Demand::credential).map(Name::as_str).collect();
            let places: Vec<String> = self.demands.iter().map(Demand::place).collect();
            let of_name = places.iter().find(|place| place.ends_with(&format!("/{}", args.secret)));
            let near =
                of_name.map(String::as_str).or_else(|| suggest::nearest(&args.secret, credentials.iter().copied()));
            bail!(
                "no Secret is made of a credential `{}`{}",
                args.secret,
                hint(near, "a Secret is `NAMESPACE/SECRET`")
            );
        }
        ensure!(args.keys.is_empty(), "a credential has no keys: it is a user name and a password");
        let (name, password) = values::read_credential(&args.secret, args.username.as_deref())?;
        let credential = Credential { name, password };
        if let Some(fault) = credential.fault() {
            bail!("{fault}");
        }
        let mut written = Vec::new();
        for demand in made() {
            let value = if let SecretContent::PullCredential { host, .. } = &demand.content {
                credential.docker_config(host)
            } else {
                let mut salt = [0; 16];
                getrandom::fill(&mut salt).context("the system gives no random bytes")?;
                credential.htpasswd(salt).map_err(Error::msg)?
            };
            let key = demand.keys().and_then(|keys| keys.first().map(|key| (*key).to_owned())).unwrap_or_default();
            written.push(self.write(demand, vec![(key, value)])?);
        }
        Ok(written)
    }

    /// The Secret of that place that the platform needs.
    fn demanded(&self, place: &str) -> Result<&Demand> {
        if let Some(demand) = self.demands.iter().find(|demand| demand.place() == place) {
            return Ok(demand);
        }
        let places: Vec<String> = self.demands.iter().map(Demand::place).collect();
        let name = place.rsplit('/').next().unwrap_or(place);
        let elsewhere = places.iter().find(|place| place.rsplit('/').next() == Some(name));
        let near = elsewhere.map(String::as_str).or_else(|| suggest::nearest(place, places.iter().map(String::as_str)));
        bail!("nothing here needs the Secret `{place}`{}", hint(near, "`platformgen secrets` lists what is needed"))
    }

    /// Puts sealed values into the file of a Secret, beside those that stand there.
    fn write(&self, demand: &Demand, values: Vec<(String, Value)>) -> Result<String> {
        let secrets = &self.platform.facts.secrets;
        let directory = secrets.files().unwrap_or_default();
        let path = format!("{directory}/{}/{}.yaml", demand.namespace, demand.name);
        let place = self.beside.join(&path);
        let mut sealed = file::read(&place)?.unwrap_or_else(|| SealedValues {
            scope: secrets.scope,
            certificates: BTreeSet::new(),
            values: BTreeMap::new(),
            own: Marks::default(),
            template: Marks::default(),
        });
        let fresh: BTreeSet<&str> = values.iter().map(|(key, _)| key.as_str()).ordered();
        sealed.values.retain(|key, _| !fresh.contains(key.as_str()));
        if sealed.values.is_empty() {
            sealed.certificates.clear();
            sealed.scope = secrets.scope;
        }
        ensure!(
            sealed.scope == secrets.scope,
            "the other keys in {path} are sealed `{}`, and the description says `{}`: seal all keys again",
            sealed.scope.word(),
            secrets.scope.word()
        );
        let label = sealed.scope.label(demand.namespace.as_str(), demand.name.as_str());
        for (key, value) in values {
            let text = cipher::seal(&value, &label, &self.certificate, &mut SysRng).map_err(Error::msg)?;
            sealed.values.insert(key, text);
        }
        let total: usize =
            sealed.values.values().filter_map(|value| cipher::Sealed::read(value).ok()).map(|known| known.value).sum();
        ensure!(total <= LARGEST, "{} would hold {total} bytes; a Secret takes {LARGEST}", demand.place());
        sealed.certificates.insert(self.certificate.fingerprint().to_owned());
        let labels = platform_labels(&self.platform.facts.platform.name, "secret");
        file::write(&place, sealed_secret(demand, &sealed, &labels))?;
        Ok(self.shelf.shown(&path))
    }
}

/// The keys to seal: those that are named, if the Secret needs them, or all that it needs.
fn keys(demand: &Demand, named: &[String]) -> Result<Vec<String>> {
    let needed = demand.keys();
    let mut keys = Vec::new();
    for key in named {
        if let Some(needed) = needed.as_ref().filter(|needed| !needed.contains(&key.as_str())) {
            let near = suggest::nearest(key, needed.iter().copied());
            let list = format!("its keys are {}", suggest::list(needed.iter().copied()));
            bail!("nothing here needs the key `{key}` of {}{}", demand.place(), hint(near, &list));
        }
        if let Err(fault) = SecretKey::parse(key) {
            bail!("the key `{key}` {fault}; expected {}", SecretKey::EXPECTED);
        }
        ensure!(!keys.contains(key), "the key `{key}` is named twice");
        keys.push(key.clone());
    }
    if keys.is_empty() {
        let Some(needed) = needed else {
            bail!(
                "{} is read as a whole, so it has the keys that you name: `platformgen seal {} KEY…`",
                demand.place(),
                demand.place()
            );
        };
        keys.extend(needed.into_iter().map(str::to_owned));
    }
    Ok(keys)
}

fn hint(near: Option<&str>, otherwise: &str) -> String {
    near.map_or_else(|| format!("; {otherwise}"), |near| format!("; did you mean `{near}`?"))
}

/// The registries to which a docker configuration logs in; `None` if it is none, as the API server sees it.
fn hosts(value: &Value) -> Option<BTreeSet<String>> {
    let config: serde_json::Value = serde_json::from_slice(value).ok()?;
    let host = |entry: &String| {
        let plain = entry.split_once("://").map_or(entry.as_str(), |(_, rest)| rest);
        plain.split('/').next().unwrap_or_default().to_owned()
    };
    Some(config["auths"].as_object()?.keys().map(host).collect())
}
