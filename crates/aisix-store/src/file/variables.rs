//! What stands for the variables that a file names.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ffi::OsString;

/// Looks a variable up, in whatever environment the program gives the file.
pub type Variables = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// The text with every `${NAME}` replaced by the variable's value, and every `$$` by `$`. Values
/// are not read again, so they cannot name further variables.
///
/// # Errors
/// Everything that is wrong, one sentence each. No value is in them.
pub(super) fn interpolate<'t>(
    text: &'t str,
    variables: &Variables,
) -> Result<Cow<'t, str>, Vec<String>> {
    if !text.contains('$') {
        return Ok(Cow::Borrowed(text));
    }
    let mut expanded = String::with_capacity(text.len());
    let mut problems = Vec::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        expanded.push_str(&rest[..dollar]);
        let after = &rest[dollar + 1..];
        if let Some(after) = after.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some(inside) = after.strip_prefix('{') {
            let named = inside.split_once('}').filter(|(name, _)| is_name(name));
            let Some((name, after)) = named else {
                problems.push(
                    "holds '${' without the name of a variable and '}' behind it: write ${NAME}, \
                     or $$ for a dollar sign"
                        .into(),
                );
                break;
            };
            match value(name, variables) {
                Ok(value) => expanded.push_str(&value),
                Err(why) => problems.push(format!("the variable {name} {why}")),
            }
            rest = after;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    if problems.is_empty() { Ok(Cow::Owned(expanded)) } else { Err(problems) }
}

/// What a variable holds, or in what way it does not.
pub(super) fn value(name: &str, variables: &Variables) -> Result<String, &'static str> {
    let value = variables(name).ok_or("is not set")?;
    let value = value.into_string().map_err(|_| "is not UTF-8")?;
    if value.is_empty() { Err("is empty") } else { Ok(value) }
}

/// Whether a text can be a variable's name.
pub(super) fn is_name(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| {
        byte == b'_' || byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit())
    }) && !text.is_empty()
}
