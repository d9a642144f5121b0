//! Paths that callers use, and the paths that they stand for.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use http::Uri;
use http::uri::PathAndQuery;
use regex::Regex;

/// A rule: a path that matches becomes another one, before its endpoint is looked up.
#[derive(Debug, Clone)]
pub struct UrlRewrite {
    name: String,
    pattern: Regex,
    template: String,
}

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlRewriteError {
    /// The pattern cannot be read.
    #[error("match is not a regular expression: {0}")]
    Pattern(String),
    /// The pattern would apply to every path.
    #[error("match matches the empty string, and so every path: make it more precise")]
    Everything,
    /// The template has a character that no path can have.
    #[error("rewrite must not hold '?', '#', white space or control characters: it is a path")]
    Character,
    /// The template names a group without saying where the name ends.
    #[error("rewrite has a '${{' without its '}}'")]
    Unterminated,
    /// The template names a group that the pattern does not have.
    #[error("rewrite refers to the group '{0}', which match does not have")]
    UnknownGroup(String),
}

impl UrlRewrite {
    /// A rule with a name for logs. In the template, `$1` and `${name}` stand for what a group of
    /// the pattern matched, and `$$` for a dollar sign, as does a `$` that no name follows.
    ///
    /// # Errors
    /// What makes the rule unusable, or useless.
    pub fn new(name: &str, pattern: &str, template: &str) -> Result<Self, UrlRewriteError> {
        let pattern = Regex::new(pattern).map_err(|error| {
            // The last line says what is wrong; those above draw the place in several.
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default();
            UrlRewriteError::Pattern(reason.trim_start_matches("error: ").to_owned())
        })?;
        if pattern.is_match("") {
            return Err(UrlRewriteError::Everything);
        }
        if template
            .contains(|c: char| matches!(c, '?' | '#') || c.is_whitespace() || c.is_control())
        {
            return Err(UrlRewriteError::Character);
        }
        references(template, |group| {
            let by_number =
                group.parse().is_ok_and(|number: usize| number < pattern.captures_len());
            by_number || pattern.capture_names().flatten().any(|name| name == group)
        })?;
        Ok(Self { name: name.to_owned(), pattern, template: template.to_owned() })
    }

    fn apply<'a>(&self, path: &'a str) -> Option<Cow<'a, str>> {
        match self.pattern.replacen(path, 1, &self.template) {
            Cow::Borrowed(_) => None,
            rewritten @ Cow::Owned(_) => Some(rewritten),
        }
    }
}

/// Checks every group that a template refers to.
fn references(template: &str, exists: impl Fn(&str) -> bool) -> Result<(), UrlRewriteError> {
    let mut rest = template;
    while let Some((_, after)) = rest.split_once('$') {
        let (group, further) = if let Some(after) = after.strip_prefix('$') {
            rest = after;
            continue;
        } else if let Some(braced) = after.strip_prefix('{') {
            braced.split_once('}').ok_or(UrlRewriteError::Unterminated)?
        } else {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            after.split_at(after.find(|c| !word(c)).unwrap_or(after.len()))
        };
        let literal = group.is_empty() && !after.starts_with('{');
        if !literal && !exists(group) {
            return Err(UrlRewriteError::UnknownGroup(group.to_owned()));
        }
        rest = further;
    }
    Ok(())
}

/// The address after the first rule that matches its path, percent-encoded as it came and without
/// its query, which is kept. `None` where none does, or where what comes out is no path.
pub(crate) fn rewrite(rules: &[UrlRewrite], uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let (rule, rewritten) =
        rules.iter().find_map(|rule| rule.apply(path).map(|rewritten| (rule, rewritten)))?;
    let text = match uri.query() {
        Some(query) => format!("{rewritten}?{query}"),
        None => rewritten.into_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    let uri = Uri::from_parts(parts).ok()?;
    tracing::debug!(target: "aisix::url_rewrite", rule = rule.name, "path rewritten");
    Some(uri)
}
