//! Colours, or none.

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    /// Yes.
    pub on: bool,
}

impl Paint {
    /// What is new.
    pub fn green(self, text: &str) -> String {
        self.wrap("32", text)
    }

    /// What is gone.
    pub fn red(self, text: &str) -> String {
        self.wrap("31", text)
    }

    /// What has changed.
    pub fn yellow(self, text: &str) -> String {
        self.wrap("33", text)
    }

    /// What only says where.
    pub fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// Headings.
    pub fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    /// By the sign that a line begins with.
    pub fn by_sign(self, sign: char, text: &str) -> String {
        match sign {
            '+' => self.green(text),
            '-' => self.red(text),
            '~' | '!' => self.yellow(text),
            _ => self.dim(text),
        }
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
