//! Admission webhooks: what the API server asks of our pods before it stores an object. The authority behind their
//! certificates is left out, because cert-manager writes it there; fields that the API server would fill in stand here,
//! so that an applied object and a rendered one do not differ.

use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhook, MutatingWebhookConfiguration, RuleWithOperations, ServiceReference, ValidatingWebhook,
    ValidatingWebhookConfiguration, WebhookClientConfig,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::values::name::Name;

/// One question of the API server, and who answers it. Without an answer nothing is stored.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    /// A name with at least three labels: `validate.example.com`.
    pub name: &'static str,
    /// The Service of those who answer, on port 443.
    pub service: &'a Name,
    /// Its namespace.
    pub namespace: &'a Name,
    /// Where they answer.
    pub path: &'static str,
    /// API groups of the objects in question, in version `v1`.
    pub groups: &'static [&'static str],
    /// Their resources.
    pub resources: &'static [&'static str],
    /// What is about to happen to them.
    pub operations: &'static [&'static str],
    /// Seconds to wait for an answer.
    pub timeout: i32,
}

/// The configuration of a webhook that may refuse.
pub fn validating(metadata: ObjectMeta, webhook: &Webhook<'_>) -> ValidatingWebhookConfiguration {
    let validating = ValidatingWebhook {
        name: webhook.name.to_owned(),
        admission_review_versions: vec!["v1".to_owned()],
        client_config: client_config(webhook),
        failure_policy: Some("Fail".to_owned()),
        match_policy: Some("Equivalent".to_owned()),
        namespace_selector: Some(Default::default()),
        object_selector: Some(Default::default()),
        rules: Some(rules(webhook)),
        side_effects: "None".to_owned(),
        timeout_seconds: Some(webhook.timeout),
        ..Default::default()
    };
    ValidatingWebhookConfiguration { metadata, webhooks: Some(vec![validating]) }
}

/// The configuration of a webhook that may change what is stored.
pub fn mutating(metadata: ObjectMeta, webhook: &Webhook<'_>) -> MutatingWebhookConfiguration {
    let mutating = MutatingWebhook {
        name: webhook.name.to_owned(),
        admission_review_versions: vec!["v1".to_owned()],
        client_config: client_config(webhook),
        failure_policy: Some("Fail".to_owned()),
        match_policy: Some("Equivalent".to_owned()),
        namespace_selector: Some(Default::default()),
        object_selector: Some(Default::default()),
        reinvocation_policy: Some("Never".to_owned()),
        rules: Some(rules(webhook)),
        side_effects: "None".to_owned(),
        timeout_seconds: Some(webhook.timeout),
        ..Default::default()
    };
    MutatingWebhookConfiguration { metadata, webhooks: Some(vec![mutating]) }
}

fn client_config(webhook: &Webhook<'_>) -> WebhookClientConfig {
    WebhookClientConfig {
        service: Some(ServiceReference {
            name: webhook.service.to_string(),
            namespace: webhook.namespace.to_string(),
            path: Some(webhook.path.to_owned()),
            port: Some(443),
        }),
        ..Default::default()
    }
}

fn rules(webhook: &Webhook<'_>) -> Vec<RuleWithOperations> {
    let owned = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
    vec![RuleWithOperations {
        api_groups: owned(webhook.groups),
        api_versions: owned(&["v1"]),
        operations: owned(webhook.operations),
        resources: owned(webhook.resources),
        scope: Some("*".to_owned()),
    }]
}
