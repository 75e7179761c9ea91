//! A Rust file as tokens: comments gone, strings empty, test code marked, `use` trees spread out.
//!
//! Searching text would trip over a comment that names what it forbids and miss `use std::{fs, io}`. So a rule looks at
//! tokens, and at paths as the compiler would resolve them from this file alone.
//!
//! Never here: what is forbidden where (see `main`).

use std::collections::BTreeMap;

/// One token of code. A string literal is `"` whatever it says; a comment is nothing.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) test: bool,
}

/// A path, spread out of its `use` tree and resolved as far as this file can tell: `crate::…` for what is ours here.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) test: bool,
}

/// A file of Rust.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) tokens: Vec<Token>,
    pub(crate) paths: Vec<Path>,
    /// Lines from a `#[cfg(test)]` to the end of what it marks.
    pub(crate) test_lines: usize,
}

impl Code {
    /// Reads `text`, the file at `path` (its place decides what `super` means).
    pub(crate) fn read(path: &str, text: &str) -> Self {
        let mut tokens = Lexer::new(text).tokens();
        let test_lines = mark_tests(&mut tokens);
        let paths = Paths::of(path, &tokens);
        Self { tokens, paths, test_lines }
    }

    /// The modules that live in files of their own and only in tests.
    pub(crate) fn test_modules(&self) -> impl Iterator<Item = &str> {
        self.tokens.windows(3).filter_map(|window| {
            let declared = window[0].test && window[0].text == "mod" && window[2].text == ";";
            declared.then_some(window[1].text.as_str())
        })
    }

    /// Makes all of it test code.
    pub(crate) fn mark_as_test(&mut self, lines: usize) {
        self.tokens.iter_mut().for_each(|token| token.test = true);
        self.paths.iter_mut().for_each(|path| path.test = true);
        self.test_lines = lines;
    }

    /// Every function with a body: its name, its first line, how many lines it has, and whether it is test code.
    pub(crate) fn functions(&self) -> Vec<(&str, usize, usize, bool)> {
        let mut found = Vec::new();
        for (at, token) in self.tokens.iter().enumerate() {
            let Some(name) = self.tokens.get(at + 1) else { continue };
            if token.text != "fn" || !is_word(&name.text) {
                continue;
            }
            let last = end_of_item(&self.tokens, at);
            if self.tokens[last].text == "}" {
                found.push((name.text.as_str(), token.line, self.tokens[last].line + 1 - token.line, token.test));
            }
        }
        found
    }

    /// Whether the tokens of `pattern` stand somewhere one after the other; the lines where they do.
    pub(crate) fn lines_of(&self, pattern: &[String], tests_too: bool) -> Vec<usize> {
        self.tokens
            .windows(pattern.len())
            .filter(|window| tests_too || !window[0].test)
            .filter(|window| window.iter().zip(pattern).all(|(token, wanted)| token.text == *wanted))
            .map(|window| window[0].line)
            .collect()
    }
}

/// The tokens of a fragment, as texts.
pub(crate) fn fragment(text: &str) -> Vec<String> {
    Lexer::new(text).tokens().into_iter().map(|token| token.text).collect()
}

/// An identifier, keyword or number.
pub(crate) fn is_word(text: &str) -> bool {
    text.chars().next().is_some_and(|first| first.is_alphanumeric() || first == '_')
}

struct Lexer<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text.chars().peekable(), line: 1, tokens: Vec::new() }
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    fn ahead(&self, distance: usize) -> Option<char> {
        self.rest.clone().nth(distance)
    }

    fn push(&mut self, text: impl Into<String>, line: usize) {
        self.tokens.push(Token { text: text.into(), line, test: false });
    }

    fn tokens(mut self) -> Vec<Token> {
        while let Some(&first) = self.rest.peek() {
            let line = self.line;
            match (first, self.ahead(1)) {
                ('/', Some('/')) => {
                    while self.rest.peek().is_some_and(|&next| next != '\n') && self.next().is_some() {}
                }
                ('/', Some('*')) => self.block_comment(),
                ('"', _) => self.string(line),
                ('\'', after) => self.quote(after, line),
                (':', Some(':')) => {
                    self.next();
                    self.next();
                    self.push("::", line);
                }
                _ if first.is_alphanumeric() || first == '_' => self.word(line),
                _ => {
                    self.next();
                    if !first.is_whitespace() {
                        self.push(first, line);
                    }
                }
            }
        }
        self.tokens
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            match (self.next(), self.rest.peek()) {
                (Some('/'), Some('*')) => {
                    self.next();
                    depth += 1;
                }
                (Some('*'), Some('/')) => {
                    self.next();
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                (None, _) => return,
                _ => {}
            }
        }
    }

    fn string(&mut self, line: usize) {
        self.next();
        while let Some(next) = self.next() {
            match next {
                '\\' => drop(self.next()),
                '"' => break,
                _ => {}
            }
        }
        self.push('"', line);
    }

    fn raw_string(&mut self, line: usize) {
        let mut fence = 0;
        while self.rest.peek() == Some(&'#') {
            self.next();
            fence += 1;
        }
        self.next();
        while let Some(next) = self.next() {
            if next == '"' && (0..fence).all(|distance| self.ahead(distance) == Some('#')) {
                self.rest.by_ref().take(fence).for_each(drop);
                break;
            }
        }
        self.push('"', line);
    }

    /// A character, or a lifetime.
    fn quote(&mut self, after: Option<char>, line: usize) {
        let character = after == Some('\\') || self.ahead(2) == Some('\'');
        self.next();
        if character {
            while let Some(next) = self.next() {
                match next {
                    '\\' => drop(self.next()),
                    '\'' => break,
                    _ => {}
                }
            }
        }
        self.push('\'', line);
    }

    fn word(&mut self, line: usize) {
        let mut word = String::new();
        while let Some(&next) = self.rest.peek() {
            let fraction = next == '.'
                && word.chars().all(|digit| digit.is_ascii_digit() || digit == '_')
                && self.ahead(1).is_some_and(|digit| digit.is_ascii_digit());
            if !(next.is_alphanumeric() || next == '_' || fraction) {
                break;
            }
            word.push(next);
            self.next();
        }
        let raw = matches!(word.as_str(), "r" | "br" | "cr");
        match (self.ahead(0), self.ahead(1)) {
            (Some('"'), _) if raw => self.raw_string(line),
            (Some('#'), Some('"' | '#')) if raw => self.raw_string(line),
            (Some('"'), _) if matches!(word.as_str(), "b" | "c") => self.string(line),
            _ => self.push(word, line),
        }
    }
}

/// The index of the last token of the item that starts at `start`: its `;`, or the `}` of its body.
fn end_of_item(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" => {
                depth -= 1;
                if depth <= 0 {
                    return at;
                }
            }
            ";" if depth == 0 => return at,
            _ => {}
        }
    }
    tokens.len() - 1
}

/// Marks what stands under `#[cfg(test)]`; says how many lines that is.
fn mark_tests(tokens: &mut [Token]) -> usize {
    let mark = fragment("#[cfg(test)]");
    let (mut at, mut lines) = (0, 0);
    while at + mark.len() < tokens.len() {
        if !tokens[at..].iter().zip(&mark).all(|(token, wanted)| token.text == *wanted) {
            at += 1;
            continue;
        }
        let mut item = at + mark.len();
        while item + 1 < tokens.len() && tokens[item].text == "#" {
            let mut depth = 0_i32;
            item += 1;
            while item < tokens.len() {
                depth += i32::from(tokens[item].text == "[") - i32::from(tokens[item].text == "]");
                item += 1;
                if depth == 0 {
                    break;
                }
            }
        }
        let last = end_of_item(tokens, item.min(tokens.len() - 1));
        lines += tokens[last].line + 1 - tokens[at].line;
        tokens[at..=last].iter_mut().for_each(|token| token.test = true);
        at = last + 1;
    }
    lines
}

/// Collects paths: first the `use` trees, which also say what short names mean, then the rest.
struct Paths<'a> {
    tokens: &'a [Token],
    module: Vec<String>,
    names: BTreeMap<String, Vec<String>>,
    found: Vec<Path>,
}

impl<'a> Paths<'a> {
    fn of(path: &str, tokens: &'a [Token]) -> Vec<Path> {
        let mut paths = Self { tokens, module: module_of(path), names: BTreeMap::new(), found: Vec::new() };
        let mut inside_use = vec![false; tokens.len()];
        for at in 0..tokens.len() {
            if tokens[at].text == "use" && !inside_use[at] {
                let end = paths.tree(at + 1, &[]);
                inside_use[at..end.min(tokens.len())].fill(true);
            }
        }
        for at in 0..tokens.len() {
            let before = |distance: usize| at.checked_sub(distance).map_or("", |index| tokens[index].text.as_str());
            // `::std` starts a path, the `fs` of `std::fs` does not.
            let starts = is_word(&tokens[at].text) && (before(1) != "::" || !(is_word(before(2)) || before(2) == ">"));
            if starts && !inside_use[at] && tokens.get(at + 1).is_some_and(|next| next.text == "::") {
                paths.inline(at);
            }
        }
        paths.found
    }

    /// Reads one tree of a `use` from `at`, below `prefix`; gives the index after it.
    fn tree(&mut self, mut at: usize, prefix: &[String]) -> usize {
        let mut segments = prefix.to_vec();
        let first = at;
        while let Some(token) = self.tokens.get(at) {
            match token.text.as_str() {
                "{" => {
                    at += 1;
                    while self.tokens.get(at).is_some_and(|token| token.text != "}") {
                        at = self.tree(at, &segments);
                        at += usize::from(self.tokens.get(at).is_some_and(|token| token.text == ","));
                    }
                    return at + 1;
                }
                "," | "}" | ";" => break,
                "::" => {}
                "as" => {
                    let alias = self.tokens.get(at + 1).map_or("_", |token| token.text.as_str()).to_owned();
                    self.keep(&segments, &alias, first);
                    return at + 2;
                }
                _ => segments.push(token.text.clone()),
            }
            at += 1;
        }
        let alias = segments.last().cloned().unwrap_or_default();
        let alias = if alias == "self" { segments.iter().rev().nth(1).cloned().unwrap_or_default() } else { alias };
        self.keep(&segments, &alias, first);
        // A token that no tree has: step over it, so that reading always ends.
        at.max(first + 1)
    }

    fn keep(&mut self, segments: &[String], alias: &str, at: usize) {
        let mut segments = segments.to_vec();
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        let segments = self.resolved(segments);
        let Some(token) = self.tokens.get(at) else { return };
        self.names.insert(alias.to_owned(), segments.clone());
        self.found.push(Path { segments, line: token.line, test: token.test });
    }

    fn inline(&mut self, start: usize) {
        let mut segments = vec![self.tokens[start].text.clone()];
        let mut at = start + 1;
        while self.tokens.get(at).is_some_and(|token| token.text == "::") {
            match self.tokens.get(at + 1) {
                Some(token) if is_word(&token.text) => segments.push(token.text.clone()),
                _ => break,
            }
            at += 2;
        }
        if let Some(known) = self.names.get(&segments[0]) {
            segments.splice(..1, known.clone());
        }
        let segments = self.resolved(segments);
        let token = &self.tokens[start];
        self.found.push(Path { segments, line: token.line, test: token.test });
    }

    /// `self::` and `super::` seen from the crate's root.
    fn resolved(&self, segments: Vec<String>) -> Vec<String> {
        let up = segments.iter().take_while(|segment| *segment == "super" || *segment == "self").count();
        if up == 0 {
            return segments;
        }
        let levels = segments[..up].iter().filter(|segment| *segment == "super").count();
        let module = &self.module[..self.module.len().saturating_sub(levels)];
        std::iter::once("crate".to_owned())
            .chain(module.iter().cloned())
            .chain(segments[up..].iter().cloned())
            .collect()
    }
}

/// `server/src/front/admin/api.rs` is the module front, admin, api.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.split_once("src/").map_or(path, |(_, inside)| inside);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    inside.split('/').filter(|name| !matches!(*name, "lib" | "main")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        fragment(text)
    }

    fn paths(path: &str, text: &str) -> Vec<String> {
        Code::read(path, text).paths.iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn comments_are_nothing_and_strings_are_empty() {
        assert_eq!(words("a // b\n/* c /* d */ e */ f"), ["a", "f"]);
        assert_eq!(
            words(r##"x("a\"b", r#"c"d"#, b"e", 'f', '\'', 'g')"##).join(""),
            "x(\",\",\",',','g)".replace("'g", "'")
        );
        assert_eq!(words("fn f<'a>(x: &'a str)").join(" "), "fn f < ' a > ( x : & ' a str )");
    }

    #[test]
    fn a_number_with_a_fraction_is_one_token_and_a_range_is_not() {
        assert_eq!(words("1.5 + x.0 - 0..9"), ["1.5", "+", "x", ".", "0", "-", "0", ".", ".", "9"]);
    }

    #[test]
    fn test_code_is_marked_and_what_follows_is_not() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n  fn b() { [0; 3]; }\n}\nfn c() {}\n";
        let code = Code::read("server/src/x.rs", text);
        let functions: Vec<_> = code.functions().into_iter().map(|(name, _, _, test)| (name, test)).collect();
        assert_eq!(functions, [("a", false), ("b", true), ("c", false)]);
        assert_eq!(code.test_lines, 5);
        let code = Code::read("server/src/x.rs", "#[cfg(test)]\nuse a::b;\nuse c::d;");
        assert_eq!(code.paths.iter().map(|path| path.test).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn a_use_tree_is_spread_out_and_names_are_followed() {
        let found = paths("a/src/x.rs", "use std::{fs, io::{self, Read as R}};\nfn f() { fs::read(); R::by_ref(); }");
        assert_eq!(found, ["std::fs", "std::io", "std::io::Read", "std::fs::read", "std::io::Read::by_ref"]);
    }

    #[test]
    fn super_is_seen_from_the_root() {
        assert_eq!(
            paths("server/src/front/admin/api.rs", "use super::super::tls::{A, B};"),
            ["crate::front::tls::A", "crate::front::tls::B"]
        );
        assert_eq!(
            paths("server/src/front/mod.rs", "use super::mailbox; fn f() { self::tls::g() }"),
            ["crate::mailbox", "crate::front::tls::g"]
        );
    }

    #[test]
    fn a_function_is_measured_from_its_name_to_its_brace() {
        let code = Code::read("a/src/x.rs", "fn a(\n x: [u8; 2],\n) -> u8 {\n  0\n}\ntrait T { fn b(); }");
        assert_eq!(code.functions(), [("a", 1, 5, false)]);
    }
}
