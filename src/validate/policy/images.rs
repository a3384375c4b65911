//! Rules about images.

use crate::manifest::node::Node;
use crate::validate::policy::Fault;
use crate::validate::policy::scene::Inside;

/// The name of an image in its parts.
struct Image<'a> {
    node: &'a Node,
    text: &'a str,
    registry: Option<&'a str>,
    tag: Option<&'a str>,
    has_digest: bool,
}

impl<'a> Image<'a> {
    fn of(inside: &Inside<'a>) -> Option<Self> {
        let node = inside.node.get("image")?;
        let text = node.text().filter(|text| !text.is_empty())?;
        let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
        let last = name.rfind('/').map_or(0, |at| at + 1);
        let tag = name[last..].split_once(':').map(|(_, tag)| tag);
        let first = name.split_once('/').map(|(first, _)| first);
        let registry = first.filter(|first| first.contains(['.', ':']) || *first == "localhost");
        Some(Self { node, text, registry, tag, has_digest: digest.is_some() })
    }
}

pub fn digest<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let image = Image::of(inside).filter(|image| !image.has_digest)?;
    Some((image.node, format!("takes whatever `{}` is on the day it is pulled", image.text)))
}

pub fn registry<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let image = Image::of(inside).filter(|image| image.registry.is_none())?;
    Some((image.node, format!("takes `{}` from whichever registry the node tries first", image.text)))
}

pub fn tag<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let image = Image::of(inside).filter(|image| !image.has_digest)?;
    let what = match image.tag {
        None => "names no version",
        Some("latest") => "is another version every time",
        Some(_) => return None,
    };
    Some((image.node, format!("takes `{}`, which {what}", image.text)))
}

pub fn pull_policy<'a>(inside: &Inside<'a>) -> Option<Fault<'a>> {
    let image = Image::of(inside).filter(|image| !image.has_digest)?;
    let policy = inside.node.get("imagePullPolicy");
    // what the server fills in
    let is_fresh = match policy.and_then(Node::text) {
        Some(policy) => policy == "Always",
        None => image.tag.is_none_or(|tag| tag == "latest"),
    };
    (!is_fresh).then(|| {
        let what = format!("runs what the node has as `{}`, with the rights of whoever pulled it", image.text);
        (policy.unwrap_or(image.node), what)
    })
}
