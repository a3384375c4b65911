//! What a receiver of each kind needs to reach anybody.
//!
//! Source: `config` and `notify/*/config.go` of Alertmanager. What stands in no other place than the receiver itself is
//! marked in `fields/alertmanager.txt`.

/// The key of a list in a receiver, ways to say what it needs, the ways in `global`, and what is said if there is none.
pub type Need = (&'static str, &'static [&'static str], &'static [&'static str], &'static str);

/// One need a line.
pub const NEEDS: &[Need] = &[
    ("email_configs", &["smarthost"], &["smtp_smarthost"], "a mail server: `smtp_smarthost`"),
    ("email_configs", &["from"], &["smtp_from"], "a sender: `smtp_from`"),
    ("email_configs", &["to"], &[], "an address: `to`"),
    (
        "slack_configs",
        &["api_url", "api_url_file", "app_token", "app_token_file"],
        &["slack_api_url", "slack_api_url_file", "slack_app_token", "slack_app_token_file"],
        "an address: `api_url` or `api_url_file`, or `slack_api_url` for all",
    ),
    (
        "opsgenie_configs",
        &["api_key", "api_key_file"],
        &["opsgenie_api_key", "opsgenie_api_key_file"],
        "a key: `opsgenie_api_key_file`",
    ),
    (
        "victorops_configs",
        &["api_key", "api_key_file"],
        &["victorops_api_key", "victorops_api_key_file"],
        "a key: `victorops_api_key_file`",
    ),
    (
        "wechat_configs",
        &["api_secret", "api_secret_file"],
        &["wechat_api_secret", "wechat_api_secret_file"],
        "a secret: `wechat_api_secret_file`",
    ),
    ("wechat_configs", &["corp_id"], &["wechat_api_corp_id"], "a company: `wechat_api_corp_id`"),
    (
        "telegram_configs",
        &["bot_token", "bot_token_file"],
        &["telegram_bot_token", "telegram_bot_token_file"],
        "a token: `telegram_bot_token_file`",
    ),
    ("telegram_configs", &["chat_id", "chat_id_file"], &[], "a chat: `chat_id`"),
    ("discord_configs", &["webhook_url", "webhook_url_file"], &[], "an address: `webhook_url_file`"),
    ("msteams_configs", &["webhook_url", "webhook_url_file"], &[], "an address: `webhook_url_file`"),
    ("msteamsv2_configs", &["webhook_url", "webhook_url_file"], &[], "an address: `webhook_url_file`"),
    (
        "mattermost_configs",
        &["webhook_url", "webhook_url_file"],
        &["mattermost_webhook_url", "mattermost_webhook_url_file"],
        "an address: `webhook_url_file`",
    ),
    ("webhook_configs", &["url", "url_file"], &[], "an address: `url`"),
    ("jira_configs", &["api_url"], &["jira_api_url"], "an address: `jira_api_url`"),
    (
        "rocketchat_configs",
        &["token", "token_file"],
        &["rocketchat_token", "rocketchat_token_file"],
        "a token: `token_file`",
    ),
    (
        "pagerduty_configs",
        &["service_key", "service_key_file", "routing_key", "routing_key_file"],
        &[],
        "a key: `routing_key` or `service_key`, or a file of one",
    ),
    ("pushover_configs", &["user_key", "user_key_file"], &[], "a user: `user_key_file`"),
    ("pushover_configs", &["token", "token_file"], &[], "a token: `token_file`"),
    ("sns_configs", &["target_arn", "topic_arn", "phone_number"], &[], "a topic: `topic_arn`"),
    ("webex_configs", &["http_config"], &[], "a token: `http_config.authorization`"),
    ("incidentio_configs", &["url", "url_file"], &[], "an address: `url`"),
    (
        "incidentio_configs",
        &["alert_source_token", "alert_source_token_file", "http_config"],
        &[],
        "a token: `alert_source_token_file`",
    ),
];
