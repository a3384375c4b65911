//! The ends of connections.

use std::fmt;
use std::sync::Arc;

use crate::reach::range::Range;

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Every pod and every address.
    Anywhere,
    /// The pods of a workload.
    Workload {
        /// Its namespace.
        namespace: Arc<str>,
        /// Its name, or the namesakes' if a namespace has several.
        name: Arc<str>,
    },
    /// Pods that a policy describes and no workload names.
    Pods {
        /// A namespace, `*`, or a selector in braces.
        namespace: Arc<str>,
        /// A selector; empty for every pod.
        labels: Arc<str>,
    },
    /// What is no pod: a range of addresses, a host, or what a policy calls by a word.
    Outside(Arc<str>),
}

/// Ranges that have a shorter name: all that is not private, shared or local to a link.
const NAMES: &[(&str, &[&str], &str)] = &[
    ("0.0.0.0/0", &["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"], "public IPv4"),
    ("::/0", &["fc00::/7", "fe80::/10"], "public IPv6"),
];

impl Party {
    /// A range of addresses without some of them.
    pub fn range(range: &str, mut except: Vec<&str>) -> Self {
        except.sort_unstable();
        except.dedup();
        let named = NAMES.iter().find(|(whole, without, _)| *whole == range && *without == except);
        Self::Outside(match named {
            Some((_, _, name)) => (*name).into(),
            None if except.is_empty() => range.into(),
            None => format!("{range}{EXCEPT}{})", except.join(", ")).into(),
        })
    }

    /// Whether everybody who is meant by `other` is meant by this as well, as far as the two can be compared.
    pub fn holds(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anywhere, _) => true,
            (
                Self::Pods { namespace: own, labels },
                Self::Pods { namespace, .. } | Self::Workload { namespace, .. },
            ) if labels.is_empty() => &**own == "*" || own == namespace,
            (Self::Outside(own), Self::Outside(name)) if own != name => {
                let [own, other] = [own, name].map(|name| addresses(name));
                own.zip(other).is_some_and(|(own, other)| own.holds(&other))
            }
            (own, other) => own == other,
        }
    }
}

/// The addresses that the name of a range means; `None` if it is none.
fn addresses(name: &str) -> Option<Range> {
    if let Some((whole, except, _)) = NAMES.iter().find(|(.., known)| *known == name) {
        return Range::read(whole, except);
    }
    let (whole, except) = name.split_once(EXCEPT).unwrap_or((name, ""));
    let except: Vec<&str> = except.trim_end_matches(')').split(", ").filter(|range| !range.is_empty()).collect();
    Range::read(whole, &except)
}

/// Stands before the ranges that are left out.
const EXCEPT: &str = " (except ";

/// `production/api`, `any pod`, `production/*`, `kube-system/k8s-app=kube-dns`, `10.20.0.0/24`
impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere => f.write_str("anywhere"),
            Self::Workload { namespace, name } => write!(f, "{namespace}/{name}"),
            Self::Pods { namespace, labels } => match (&**namespace, &**labels) {
                ("*", "") => f.write_str("any pod"),
                (_, "") => write!(f, "{namespace}/*"),
                _ => write!(f, "{namespace}/{labels}"),
            },
            Self::Outside(name) => f.write_str(name),
        }
    }
}
