use super::{Uri, UrlRewrite, UrlRewriteError, rewrite};

fn rule(pattern: &str, template: &str) -> UrlRewrite {
    UrlRewrite::new("rule", pattern, template).unwrap()
}

#[track_caller]
fn assert_rewritten(rules: &[UrlRewrite], from: &str, to: Option<&str>) {
    let uri: Uri = from.parse().unwrap();
    let rewritten = rewrite(rules, &uri);
    assert_eq!(rewritten.map(|uri| uri.to_string()).as_deref(), to, "{from}");
}

#[test]
fn groups_are_filled_in_and_the_query_is_kept() {
    let rules = [rule("^/team/(?P<team>[^/]+)/(.*)$", "/$$/${team}/$2")];
    assert_rewritten(&rules, "/team/a%20b/v1/x?y=/team/z/&q", Some("/$/a%20b/v1/x?y=/team/z/&q"));
    assert_rewritten(&rules, "/other?/team/a/b", None);
    assert_rewritten(&rules, "http://h:1/team/a/b", Some("http://h:1/$/a/b"));
}

#[test]
fn the_pattern_is_searched_in_the_path_as_it_came() {
    assert_rewritten(&[rule("%2[fF]", "/")], "/a%2Fb%2Fc", Some("/a/b%2Fc"));
    assert_rewritten(&[rule(" ", "/")], "/a%20b", None);
}

#[test]
fn the_first_rule_that_matches_rewrites_once() {
    let rules = [rule("^/b", "/c"), rule("^/a", "/b"), rule("^/a", "/d")];
    assert_rewritten(&rules, "/a/a", Some("/b/a"));
    assert_rewritten(&rules, "/b/a", Some("/c/a"));
}

#[test]
fn what_is_no_path_is_not_rewritten() {
    assert_rewritten(&[rule("^/a", "<>")], "/a/a", None);
}

#[test]
fn rules_that_cannot_work_are_refused() {
    use UrlRewriteError as E;
    let unknown = |group: &str| E::UnknownGroup(group.into());
    for (pattern, template, expected) in [
        ("(", "/", E::Pattern("unclosed group".into())),
        ("x*", "/", E::Everything),
        ("", "/", E::Everything),
        ("/a|", "/", E::Everything),
        ("/a", "/?x", E::Character),
        ("/a", "/#", E::Character),
        ("/a", "/ b", E::Character),
        ("/a", "/\u{7}", E::Character),
        ("/a", "/\u{a0}", E::Character),
        ("/(a)", "/${1", E::Unterminated),
        ("/(a)", "/$2", unknown("2")),
        ("/(a)", "/$1x", unknown("1x")),
        ("/(a)", "/$$$name", unknown("name")),
        ("/(a)", "/${}", unknown("")),
        ("/(?<n>a)", "/${m}", unknown("m")),
    ] {
        let refused = UrlRewrite::new("r", pattern, template).unwrap_err();
        assert_eq!(refused, expected, "{pattern} {template}");
    }
    for (pattern, template) in
        [("/(a)", "/${1}x$0"), ("/(?<n>a)", "/$n-$1"), ("/a", "/$$"), ("/a", "/$-$")]
    {
        rule(pattern, template);
    }
}
