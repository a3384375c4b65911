//! Templates of Go, as Prometheus and Alertmanager read them: whether they can be read, and whether what they name is
//! there.

mod lexer;
#[cfg(test)]
mod tests;

use crate::diagnostics::suggest;
use crate::validate::monitoring::templates::lexer::{Token, actions, tokens};

/// Where templates are read: which functions and variables are there, and which fields the dot has at first.
#[derive(Clone, Copy, Debug)]
pub struct Home {
    functions: &'static [&'static str],
    variables: &'static [&'static str],
    fields: &'static [&'static str],
}

/// Functions of every template. Source: Go's `text/template`.
const OF_GO: &[&str] = &[
    "and", "call", "html", "index", "slice", "js", "len", "not", "or", "print", "printf", "println", "urlquery", "eq",
    "ge", "gt", "le", "lt", "ne",
];

/// Labels and annotations of alerts. Source: `template/template.go` of Prometheus.
pub const OF_ALERTS: Home = Home {
    functions: &[
        "query",
        "first",
        "label",
        "value",
        "strvalue",
        "args",
        "reReplaceAll",
        "safeHtml",
        "match",
        "title",
        "toUpper",
        "toLower",
        "graphLink",
        "tableLink",
        "sortByLabel",
        "stripPort",
        "stripDomain",
        "humanize",
        "humanize1024",
        "humanizeDuration",
        "humanizePercentage",
        "humanizeTimestamp",
        "toTime",
        "toDuration",
        "now",
        "pathPrefix",
        "externalURL",
        "parseDuration",
        "urlQueryEscape",
    ],
    variables: &["labels", "externalLabels", "externalURL", "value"],
    fields: &["Labels", "ExternalLabels", "ExternalURL", "Value"],
};

/// Messages. Source: `template/template.go` of Alertmanager.
pub const OF_MESSAGES: Home = Home {
    functions: &[
        "toUpper",
        "toLower",
        "title",
        "trimSpace",
        "join",
        "match",
        "safeHtml",
        "safeUrl",
        "urlUnescape",
        "reReplaceAll",
        "stringSlice",
        "routeLabels",
        "date",
        "tz",
        "now",
        "since",
        "humanizeDuration",
        "toDate",
        "mustToDate",
        "toJson",
        "list",
        "append",
        "dict",
    ],
    variables: &[],
    fields: &[],
};

/// More parentheses in one action than anybody writes; reading them takes stack.
const MOST: usize = 200;

/// What is wrong with a template, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The byte of the text.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// A better word.
    pub near: Option<&'static str>,
}

fn fault<T>(at: usize, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { at, message: message.into(), near: None })
}

/// What a template that can be read uses.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    /// Labels that it asks an alert for, and where.
    pub labels: Vec<(usize, String)>,
    /// Templates that it names.
    pub templates: Vec<String>,
    /// Templates that it defines.
    pub defines: Vec<String>,
}

/// A block that has not ended.
struct Block {
    word: String,
    at: usize,
    /// How many variables there were before it.
    variables: usize,
    /// Whether its `else` has been seen.
    is_else: bool,
}

/// What is being read.
struct Reader<'t> {
    home: Home,
    variables: Vec<String>,
    blocks: Vec<Block>,
    uses: Uses,
    tokens: Vec<(usize, Token<'t>)>,
    at: usize,
    /// Where the action ends.
    end: usize,
}

/// Reads a template.
pub fn read(text: &str, home: Home) -> Result<Uses, Fault> {
    let variables = home.variables.iter().map(|name| (*name).to_owned()).collect();
    let mut reader =
        Reader { home, variables, blocks: Vec::new(), uses: Uses::default(), tokens: Vec::new(), at: 0, end: 0 };
    for (start, body) in actions(text)? {
        reader.tokens = tokens(body, start)?;
        if reader.tokens.iter().filter(|(_, token)| *token == Token::Sign("(")).count() > MOST {
            return Ok(reader.uses);
        }
        (reader.at, reader.end) = (0, start + body.len());
        reader.action(start)?;
    }
    match reader.blocks.last() {
        Some(block) => fault(block.at, format!("`{}` has no `end`", block.word)),
        None => Ok(reader.uses),
    }
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).map(|(_, token)| *token)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(at, _)| *at)
    }

    fn next(&mut self) -> Option<Token<'t>> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn takes(&mut self, wanted: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(word) | Token::Sign(word)) if word == wanted);
        self.at += usize::from(is_it);
        is_it
    }

    fn action(&mut self, start: usize) -> Result<(), Fault> {
        let Some(first) = self.peek() else { return fault(start, "there is nothing between the braces") };
        let Token::Word(word) = first else { return self.pipeline_to_end() };
        match word {
            "if" | "with" | "range" => {
                self.at += 1;
                self.open(word, start);
                self.pipeline_to_end()
            }
            "define" | "block" => {
                self.at += 1;
                self.open(word, start);
                let name = self.name(word)?;
                self.uses.defines.push(name);
                if word == "block" { self.pipeline_to_end() } else { self.finish() }
            }
            "template" => {
                self.at += 1;
                let name = self.name(word)?;
                self.uses.templates.push(name);
                if self.peek().is_some() { self.pipeline_to_end() } else { Ok(()) }
            }
            "else" => self.otherwise(start),
            "end" => {
                self.at += 1;
                let Some(block) = self.blocks.pop() else { return fault(start, "this `end` ends nothing") };
                self.variables.truncate(block.variables);
                self.finish()
            }
            "break" | "continue" => {
                self.at += 1;
                if !self.blocks.iter().any(|block| block.word == "range") {
                    return fault(start, format!("`{word}` stands outside of `range`"));
                }
                self.finish()
            }
            _ => self.pipeline_to_end(),
        }
    }

    fn open(&mut self, word: &str, at: usize) {
        let variables = self.variables.len();
        self.blocks.push(Block { word: word.to_owned(), at, variables, is_else: false });
    }

    fn otherwise(&mut self, start: usize) -> Result<(), Fault> {
        self.at += 1;
        let Some(block) = self.blocks.last_mut().filter(|block| ["if", "with", "range"].contains(&block.word.as_str()))
        else {
            return fault(start, "this `else` belongs to nothing");
        };
        if block.is_else {
            return fault(start, format!("`{}` has a second `else`", block.word));
        }
        let word = block.word.clone();
        let is_chain = word != "range" && matches!(self.peek(), Some(Token::Word(next)) if next == word);
        if is_chain {
            self.at += 1;
            return self.pipeline_to_end();
        }
        if let Some(block) = self.blocks.last_mut() {
            block.is_else = true;
        }
        self.finish()
    }

    fn name(&mut self, word: &str) -> Result<String, Fault> {
        let at = self.place();
        match self.next() {
            Some(Token::Text(name)) => Ok(name.trim_matches(['"', '`']).to_owned()),
            _ => fault(at, format!("`{word}` must be followed by a name in quotes")),
        }
    }

    fn finish(&self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(token) => fault(self.place(), format!("`{token}` is too much here")),
        }
    }

    fn pipeline_to_end(&mut self) -> Result<(), Fault> {
        self.declarations()?;
        self.pipeline()?;
        self.finish()
    }

    /// `$x :=`, `$x =` and `$index, $value :=`.
    fn declarations(&mut self) -> Result<(), Fault> {
        let names: Vec<(usize, &str)> = self
            .tokens
            .iter()
            .skip(self.at)
            .step_by(2)
            .map_while(|(at, token)| if let Token::Variable(name) = token { Some((*at, *name)) } else { None })
            .take(2)
            .collect();
        for count in 1..=names.len() {
            let sign = self.tokens.get(self.at + 2 * count - 1).map(|(_, token)| *token);
            match sign {
                Some(Token::Sign(",")) => {}
                Some(Token::Sign(sign @ (":=" | "="))) => {
                    self.at += 2 * count;
                    for (at, name) in names.iter().take(count) {
                        if sign == "=" { self.variable(*at, name)? } else { self.variables.push((*name).to_owned()) }
                    }
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    fn pipeline(&mut self) -> Result<(), Fault> {
        let mut is_first = true;
        loop {
            self.command(is_first)?;
            is_first = false;
            if !self.takes("|") {
                return Ok(());
            }
        }
    }

    fn command(&mut self, is_first: bool) -> Result<(), Fault> {
        let start = self.place();
        let mut count = 0;
        let mut is_callable = true;
        while let Some(token) = self.peek() {
            if matches!(token, Token::Sign("|" | ")")) {
                break;
            }
            let is_literal = matches!(token, Token::Text(_) | Token::Number(_));
            if count == 0 {
                is_callable = !is_literal;
            }
            self.operand()?;
            count += 1;
        }
        match (count, is_callable, is_first) {
            (0, ..) => fault(start, "a value is missing here"),
            (_, false, false) => fault(start, "only a function can come after `|`"),
            (2.., false, true) => fault(start, "a plain value takes no arguments"),
            _ => Ok(()),
        }
    }

    fn operand(&mut self) -> Result<(), Fault> {
        let at = self.place();
        match self.next() {
            Some(Token::Text(_) | Token::Number(_)) => Ok(()),
            Some(Token::Dot(chain)) => self.dot(at, chain),
            Some(Token::Variable(name)) => {
                self.variable(at, name)?;
                if let Some(Token::Chain(chain)) = self.peek() {
                    self.at += 1;
                    self.label(at, name == "labels", chain);
                }
                Ok(())
            }
            Some(Token::Word(word)) => self.function(at, word),
            Some(Token::Sign("(")) => {
                self.pipeline()?;
                if !self.takes(")") {
                    return fault(at, "this parenthesis is never closed");
                }
                if matches!(self.peek(), Some(Token::Chain(_))) {
                    self.at += 1;
                }
                Ok(())
            }
            Some(token) => fault(at, format!("`{token}` cannot stand here")),
            None => fault(at, "a value is missing here"),
        }
    }

    fn dot(&mut self, at: usize, chain: &str) -> Result<(), Fault> {
        let is_outer = self.blocks.iter().all(|block| block.word == "if");
        let first = chain.split('.').nth(1).filter(|first| !first.is_empty());
        let Some(first) = first.filter(|_| is_outer && !self.home.fields.is_empty()) else { return Ok(()) };
        if !self.home.fields.contains(&first) {
            let near = suggest::nearest(first, self.home.fields.iter().copied());
            return Err(Fault { at, message: format!("alerts have no `.{first}`"), near });
        }
        let rest = &chain[1 + first.len()..];
        self.label(at, first == "Labels", rest);
        Ok(())
    }

    /// `.x` behind what holds the labels of the alert.
    fn label(&mut self, at: usize, is_of_alert: bool, chain: &str) {
        let name = chain.split('.').nth(1).filter(|name| is_of_alert && !name.is_empty());
        self.uses.labels.extend(name.map(|name| (at, name.to_owned())));
    }

    fn variable(&self, at: usize, name: &str) -> Result<(), Fault> {
        if name.is_empty() || self.variables.iter().any(|known| known == name) {
            return Ok(());
        }
        let near = suggest::nearest(name, self.home.variables.iter().copied());
        Err(Fault { at, message: format!("there is no variable `${name}`"), near })
    }

    fn function(&self, at: usize, word: &str) -> Result<(), Fault> {
        let known = || OF_GO.iter().chain(self.home.functions).copied();
        if ["true", "false", "nil"].contains(&word) || known().any(|name| name == word) {
            return Ok(());
        }
        Err(Fault { at, message: format!("there is no function `{word}`"), near: suggest::nearest(word, known()) })
    }
}
