//! Colours, or none.

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    /// Yes.
    pub on: bool,
}

impl Paint {
    /// What is new.
    pub fn green(self, text: impl Into<String>) -> String {
        self.wrap("32", text)
    }

    /// What is gone.
    pub fn red(self, text: impl Into<String>) -> String {
        self.wrap("31", text)
    }

    /// What has changed.
    pub fn yellow(self, text: impl Into<String>) -> String {
        self.wrap("33", text)
    }

    /// What only says where.
    pub fn dim(self, text: impl Into<String>) -> String {
        self.wrap("2", text)
    }

    /// Headings.
    pub fn bold(self, text: impl Into<String>) -> String {
        self.wrap("1", text)
    }

    /// By the sign that a line begins with.
    pub fn by_sign(self, sign: char, text: impl Into<String>) -> String {
        match sign {
            '+' => self.green(text),
            '-' => self.red(text),
            '~' | '!' => self.yellow(text),
            _ => self.dim(text),
        }
    }

    fn wrap(self, code: &str, text: impl Into<String>) -> String {
        let text = text.into();
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text }
    }
}
