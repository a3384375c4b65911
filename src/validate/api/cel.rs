//! Whether a text can be an expression of CEL, and whether the names that it begins with are there.
//!
//! Source: `doc/langdef.md` of cel-spec and `CEL.g4` of cel-go, with the optional values that servers turn on. Types and the
//! names of functions and fields are not looked at: what is refused here no server compiles.

mod tokens;

use crate::diagnostics::suggest;
use crate::validate::api::cel::tokens::{Step, Stop, Token, tokens};

/// What expressions of definitions are about.
pub const OF_DEFINITIONS: &[&str] = &["oldSelf", "self"];
/// What all expressions of admission are about.
pub const OF_ADMISSION: &[&str] = &["namespaceObject", "object", "oldObject", "request"];
/// What only some of them are about: rights, what a policy is given, and what it has computed before.
pub const AUTHORIZER: &str = "authorizer";
pub const PARAMS: &str = "params";
pub const VARIABLES: &str = "variables";

/// Variables that are there in some place or other.
const SOMEWHERE: &[&str] =
    &[AUTHORIZER, "namespaceObject", "object", "oldObject", "oldSelf", PARAMS, "request", "self", VARIABLES];

/// Types, which are values too.
const TYPES: &[&str] =
    &["bool", "bytes", "double", "dyn", "int", "list", "map", "null_type", "optional_type", "string", "type", "uint"];
/// Words that cannot be names of variables; those that can be no names of fields either stand first.
const WORDS: &[&str] = &[
    "false",
    "in",
    "null",
    "true",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];
const NEVER_NAMES: usize = 4;
const VALUES: &[&str] = &["false", "null", "true"];
/// Calls whose first arguments are names of their own.
const BINDING: &[&str] = &[
    "all",
    "bind",
    "exists",
    "existsOne",
    "exists_one",
    "filter",
    "map",
    "sortBy",
    "transformList",
    "transformMap",
    "transformMapEntry",
];
const BETWEEN: &[&str] = &["||", "&&", "==", "!=", "<=", ">=", "<", ">", "in", "+", "-", "*", "/", "%"];
/// What is nested deeper than this is left to the server.
const DEEPEST: usize = 100;

/// Why no server compiles an expression about `roots`; `None` if one may.
pub fn fault(text: &str, roots: &[&str]) -> Option<String> {
    let judged = tokens(text).and_then(|tokens| {
        let mut reader = Reader { tokens: &tokens, at: 0, depth: 0, roots, own: Vec::new() };
        reader.expression()?;
        reader.end()
    });
    match judged {
        Err(Stop::Fault(at, why)) => {
            Some(format!("{why} at letter {}", text.get(..at).unwrap_or(text).chars().count() + 1))
        }
        Ok(()) | Err(Stop::Unsure) => None,
    }
}

/// Whether an expression is about a variable of this name; `None` if nobody can tell.
pub fn mentions(text: &str, name: &str) -> Option<bool> {
    let tokens = tokens(text).ok()?;
    let found = tokens.iter().enumerate().filter(|(_, (_, token))| *token == Token::Name(name));
    let own: Vec<usize> = found.map(|(at, _)| at).collect();
    let stands =
        |at: Option<usize>, sign| at.and_then(|at| tokens.get(at)).is_some_and(|token| token.1 == Token::Sign(sign));
    // calls may give the name to what they look at, and objects to their fields
    let is_other = |at: &usize| [",", ":"].iter().any(|sign| stands(Some(at + 1), *sign));
    if own.iter().any(is_other) {
        return None;
    }
    Some(own.iter().any(|at| !stands(at.checked_sub(1), ".")))
}

/// The fields that an expression asks of a variable of this name; none if it may be another one.
pub fn fields<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let Ok(tokens) = tokens(text) else { return Vec::new() };
    if mentions(text, name) != Some(true) {
        return Vec::new();
    }
    let asked = tokens.windows(4).enumerate().filter_map(|(at, window)| {
        let [(_, Token::Name(own)), (_, Token::Sign(".")), (_, Token::Name(field)), (_, after)] = window else {
            return None;
        };
        let is_field = at.checked_sub(1).is_some_and(|before| tokens[before].1 == Token::Sign("."));
        (*own == name && !is_field && *after != Token::Sign("(")).then_some(*field)
    });
    asked.collect()
}

struct Reader<'r, 't> {
    tokens: &'r [(usize, Token<'t>)],
    at: usize,
    depth: usize,
    roots: &'r [&'r str],
    /// Names that calls around this place have given.
    own: Vec<&'t str>,
}

impl<'t> Reader<'_, 't> {
    fn token(&self) -> Token<'t> {
        self.tokens[self.at].1
    }

    fn takes(&mut self, sign: &str) -> bool {
        let is_it = self.token() == Token::Sign(sign);
        self.at += usize::from(is_it);
        is_it
    }

    fn stop(&self, why: String) -> Step {
        Err(Stop::Fault(self.tokens[self.at].0, why))
    }

    fn unexpected(&self) -> Step {
        match self.token() {
            Token::End => self.stop("something is missing".to_owned()),
            Token::Name(text) | Token::Sign(text) => self.stop(format!("`{text}` cannot stand")),
            Token::Literal => self.stop("a value cannot stand".to_owned()),
        }
    }

    fn expect(&mut self, sign: &str) -> Step {
        if self.takes(sign) { Ok(()) } else { self.unexpected() }
    }

    fn end(&self) -> Step {
        if self.token() == Token::End { Ok(()) } else { self.unexpected() }
    }

    fn expression(&mut self) -> Step {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Stop::Unsure);
        }
        self.operand()?;
        while self.is_between() {
            self.at += 1;
            self.operand()?;
        }
        if self.takes("?") {
            self.expression()?;
            self.expect(":")?;
            self.expression()?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn is_between(&self) -> bool {
        matches!(self.token(), Token::Sign(text) | Token::Name(text) if BETWEEN.contains(&text))
    }

    fn operand(&mut self) -> Step {
        while self.takes("!") || self.takes("-") {}
        let start = self.at;
        let mut root = self.primary()?;
        let mut is_name = root.is_some();
        loop {
            if self.takes(".") {
                self.takes("?");
                self.selected()?;
                if self.takes("(") {
                    // it may be a function of a library, unless variables are called so elsewhere
                    if let Some(name) = root.take().filter(|name| SOMEWHERE.contains(name)) {
                        self.known(name, start)?;
                    }
                    self.arguments(self.tokens[self.at - 2].1)?;
                    is_name = false;
                }
            } else if self.takes("[") {
                self.takes("?");
                self.expression()?;
                self.expect("]")?;
                is_name = false;
            } else if is_name && self.takes("{") {
                self.fields()?;
                (root, is_name) = (None, false);
            } else {
                break;
            }
        }
        root.map_or(Ok(()), |name| self.known(name, start))
    }

    /// What an operand begins with; its name if it is one.
    fn primary(&mut self) -> Result<Option<&'t str>, Stop> {
        self.takes(".");
        match self.token() {
            Token::Literal => self.at += 1,
            Token::Name(name) if VALUES.contains(&name) => self.at += 1,
            Token::Name(name) if WORDS.contains(&name) => {
                self.stop(format!("`{name}`, a word of CEL, cannot stand"))?;
            }
            Token::Name(name) => {
                self.at += 1;
                if !self.takes("(") {
                    return Ok(Some(name));
                }
                self.arguments(Token::Name(name))?;
            }
            Token::Sign("(") => {
                self.at += 1;
                self.expression()?;
                self.expect(")")?;
            }
            Token::Sign("[") => {
                self.at += 1;
                self.items("]", |reader| {
                    reader.takes("?");
                    reader.expression()
                })?;
            }
            Token::Sign("{") => {
                self.at += 1;
                self.items("}", |reader| {
                    reader.takes("?");
                    reader.expression()?;
                    reader.expect(":")?;
                    reader.expression()
                })?;
            }
            Token::Sign(_) | Token::End => self.unexpected()?,
        }
        Ok(None)
    }

    fn selected(&mut self) -> Step {
        match self.token() {
            Token::Name(name) if !WORDS[..NEVER_NAMES].contains(&name) => {
                self.at += 1;
                Ok(())
            }
            _ => self.unexpected(),
        }
    }

    /// Up to the closing sign, with commas between; one may stand at the end.
    fn items(&mut self, close: &str, mut item: impl FnMut(&mut Self) -> Step) -> Step {
        while !self.takes(close) {
            item(self)?;
            if !self.takes(",") {
                return self.expect(close);
            }
        }
        Ok(())
    }

    fn fields(&mut self) -> Step {
        self.items("}", |reader| {
            reader.takes("?");
            reader.selected()?;
            reader.expect(":")?;
            reader.expression()
        })
    }

    fn arguments(&mut self, function: Token<'t>) -> Step {
        let before = self.own.len();
        if matches!(function, Token::Name(name) if BINDING.contains(&name)) {
            while let (Token::Name(name), Some((_, Token::Sign(",")))) = (self.token(), self.tokens.get(self.at + 1)) {
                self.own.push(name);
                self.at += 2;
            }
        }
        if !self.takes(")") {
            self.expression()?;
            while self.takes(",") {
                self.expression()?;
            }
            self.expect(")")?;
        }
        self.own.truncate(before);
        Ok(())
    }

    fn known(&self, name: &str, start: usize) -> Step {
        if self.roots.contains(&name) || self.own.contains(&name) || TYPES.contains(&name) {
            return Ok(());
        }
        let near = suggest::nearest(name, self.roots.iter().copied());
        let near = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
        Err(Stop::Fault(self.tokens[start].0, format!("nothing is called `{name}`{near}, which stands")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_compile_is_taken() {
        for text in [
            "self.replicas <= 10",
            "!has(self.a) || self.a.all(x, x.startsWith('b')) ? true : false",
            "self.items.exists(i, v, i > 0 && v == r'\\d') && [1, 2u, 0xFF, 1.5e-3, .5,].size() > 0",
            "{'a': 1, ?'b': self.?b, }.size() + -1 in [self.x[?0].orValue(2)] == !self.y",
            "self.map(x, x > 1, x * 2).filter(y, y in {'a': b'\\x41'}) == [] // a remark",
            "self == oldSelf && type(self) == string && \"\"\"a\nb\"\"\" != '\\u00e9\\n\\101'",
            "cel.bind(x, self.a, x + x) > math.greatest(1, 2) && optional.of(1).hasValue()",
            "self.`a-b` == self.namespace && self.__in__ && quantity('1Gi').isLessThan(quantity(self.q))",
            "Object{spec: Object.spec{replicas: 1}} != null",
            "ip.isCanonical(self.ip) && [].all(a, [].all(b, a == b))",
        ] {
            assert_eq!(fault(text, OF_DEFINITIONS), None, "{text}");
        }
        assert_eq!(fault("object.metadata.namespace == request.namespace", OF_ADMISSION), None);
        assert!(
            fault("params.size() > 1 && math.abs(1) == 1", OF_ADMISSION).is_some_and(|why| why.contains("`params`"))
        );
        assert_eq!(fault("[1].all(params, params.size() > 1)", OF_ADMISSION), None);
        assert_eq!(fault(&"(".repeat(100_000), OF_ADMISSION), None, "that is left to the server");
    }

    #[test]
    fn variables_are_told_from_fields_and_texts() {
        for (text, is_about) in [
            ("self == oldSelf", Some(true)),
            ("oldSelf.orValue(1) < self", Some(true)),
            ("self.oldSelf == 'oldSelf' // oldSelf", Some(false)),
            ("self.all(oldSelf, oldSelf > 1)", None),
            ("'", None),
        ] {
            assert_eq!(mentions(text, "oldSelf"), is_about, "{text}");
        }
    }

    #[test]
    fn fields_are_asked_of_variables() {
        for (text, wanted) in [
            ("variables.a != '' && variables.b.c > 1", vec!["a", "b"]),
            ("object.variables.a == 'variables.b'", vec![]),
            ("[1].all(variables, variables.a > 1)", vec![]),
            ("variables", vec![]),
        ] {
            assert_eq!(fields(text, VARIABLES), wanted, "{text}");
        }
    }

    #[test]
    fn what_no_server_compiles_is_told() {
        for (text, part) in [
            ("", "something is missing at letter 1"),
            ("self.a =", "`=` cannot stand at letter 8"),
            ("self.a &&", "something is missing at letter 10"),
            ("(self.a", "something is missing"),
            ("self.a)", "`)` cannot stand"),
            ("self.a b", "`b` cannot stand"),
            ("self.a & self.b", "`&` cannot stand"),
            ("self.a 'b'", "a value cannot stand"),
            ("self.a == 'b", "a text is never closed that begins at letter 11"),
            ("self.matches('\\d')", "`\\d` is no escape"),
            ("slef.a == 1", "nothing is called `slef` (did you mean `self`?), which stands at letter 1"),
            ("self.all(x, y > 1)", "nothing is called `y`"),
            ("self.all(x, x > 1) && x", "nothing is called `x`"),
            ("self.in", "`in` cannot stand"),
            ("if self", "`if`, a word of CEL, cannot stand"),
            ("self ? 1", "something is missing"),
            ("f(1,)", "`)` cannot stand"),
            ("self.`a", "a name is never closed"),
        ] {
            assert!(fault(text, OF_DEFINITIONS).is_some_and(|why| why.contains(part)), "{text}: {part}");
        }
    }
}
