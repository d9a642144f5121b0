//! The reference as a page: static HTML that loads nothing and runs nothing.

mod html;
mod schema;

use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

use html::{Html, escape, prose};

/// Methods in the order in which an operation's life goes.
const METHODS: [&str; 5] = ["post", "get", "put", "patch", "delete"];

/// Renders the document.
pub(crate) fn render(document: &OpenApi) -> String {
    // A document that does not serialise has nothing to show.
    let document = serde_json::to_value(document).unwrap_or_default();
    let mut html = Html::default();
    let info = &document["info"];
    html.line("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
    html.line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html.line(&format!("<title>{}</title>", escape(text(&info["title"]))));
    html.line(&format!("<style>{STYLE}</style>\n</head>\n<body>"));
    contents(&mut html, &document);
    html.line("<main>");
    let (title, version) = (escape(text(&info["title"])), escape(text(&info["version"])));
    html.line(&format!("<h1>{title} <small>{version}</small></h1>"));
    html.line(&format!("<p>{}</p>", prose(text(&info["description"]))));
    security(&mut html, &document);
    for (tag, about) in tags(&document) {
        html.line(&format!("<h2 id=\"{tag}\">{}</h2><p>{}</p>", heading(&tag), prose(&about)));
        for (method, path, operation) in operations(&document, &tag) {
            render_operation(&mut html, &document, (method, path, operation));
        }
    }
    schema::render_all(&mut html, &document);
    html.line("</main>\n</body>\n</html>");
    html.finish()
}

const STYLE: &str = include_str!("page/style.css");

fn contents(html: &mut Html, document: &Value) {
    html.line("<nav aria-label=\"Contents\">");
    for (tag, _) in tags(document) {
        html.line(&format!("<p><a href=\"#{tag}\"><b>{}</b></a></p><ul>", heading(&tag)));
        for (method, path, operation) in operations(document, &tag) {
            let (id, path) = (escape(text(&operation["operationId"])), escape(path));
            let badge = badge(method);
            html.line(&format!("<li><a href=\"#{id}\">{badge} <code>{path}</code></a></li>"));
        }
        html.line("</ul>");
    }
    html.line("<p><a href=\"#schemas\"><b>Schemas</b></a></p></nav>");
}

fn security(html: &mut Html, document: &Value) {
    html.line("<h2>Authentication</h2><dl>");
    for (_, scheme) in object(&document["components"]["securitySchemes"]) {
        let how = match scheme["type"].as_str() {
            Some("http") => "Authorization: Bearer &lt;admin key&gt;".to_owned(),
            _ => format!("{}: &lt;admin key&gt;", escape(text(&scheme["name"]))),
        };
        let about = prose(text(&scheme["description"]));
        html.line(&format!("<dt><code>{how}</code></dt><dd>{about}</dd>"));
    }
    html.line("</dl>");
}

fn render_operation(html: &mut Html, document: &Value, (method, path, it): (&str, &str, &Value)) {
    let (id, badge) = (escape(text(&it["operationId"])), badge(method));
    html.line(&format!("<article id=\"{id}\"><h3>{badge} <code>{}</code></h3>", escape(path)));
    let access = if it.get("security").is_some() { "" } else { " <i>No key needed.</i>" };
    html.line(&format!("<p>{}.{access}</p>", prose(text(&it["summary"]))));
    parameters(html, it);
    if let Some(body) = it.get("requestBody") {
        let optional = if body["required"] == true { "" } else { " (optional)" };
        html.line(&format!("<h4>Body{optional}</h4>"));
        content(html, document, body);
    }
    html.line("<h4>Answers</h4>");
    for (status, answer) in object(&it["responses"]) {
        let class = if status.starts_with('2') { "good" } else { "bad" };
        let about = prose(text(&answer["description"]));
        html.line(&format!(
            "<details><summary><b class=\"{class}\">{status}</b> {about}</summary>"
        ));
        for (name, header) in object(&answer["headers"]) {
            let about = prose(text(&header["description"]));
            html.line(&format!("<p>Header <code>{}</code>: {about}</p>", escape(name)));
        }
        content(html, document, answer);
        html.line("</details>");
    }
    html.line("</article>");
}

fn parameters(html: &mut Html, operation: &Value) {
    let Some(parameters) = operation["parameters"].as_array() else { return };
    html.line("<h4>Parameters</h4><table><tr><th>Name</th><th>In</th><th></th></tr>");
    for parameter in parameters {
        let (name, place) = (escape(text(&parameter["name"])), text(&parameter["in"]));
        let about = prose(text(&parameter["description"]));
        html.line(&format!(
            "<tr><td><code>{name}</code></td><td>{place}</td><td>{about}</td></tr>"
        ));
    }
    html.line("</table>");
}

/// What a body or an answer holds: its schema and an example.
fn content(html: &mut Html, document: &Value, holder: &Value) {
    for (media_type, content) in object(&holder["content"]) {
        let schema = schema::inline(&content["schema"]);
        let separator = if schema.is_empty() { "" } else { ": " };
        html.line(&format!("<p><code>{}</code>{separator}{schema}</p>", escape(media_type)));
        schema::fields(html, document, &content["schema"]);
        match &content["example"] {
            Value::Null => {}
            Value::String(example) => html.line(&format!("<pre>{}</pre>", escape(example))),
            example => {
                let json = serde_json::to_string_pretty(example).unwrap_or_default();
                html.line(&format!("<pre>{}</pre>", escape(&json)));
            }
        }
    }
}

fn tags(document: &Value) -> Vec<(String, String)> {
    let tags = document["tags"].as_array().into_iter().flatten();
    let pair = |tag: &Value| (text(&tag["name"]).to_owned(), text(&tag["description"]).to_owned());
    tags.map(pair).collect()
}

/// The operations of a tag, by path and then by method.
fn operations<'a>(document: &'a Value, tag: &str) -> Vec<(&'static str, &'a str, &'a Value)> {
    let mut found = Vec::new();
    for (path, item) in object(&document["paths"]) {
        for method in METHODS {
            let operation = item.get(method);
            let tagged = |it: &&Value| it["tags"].as_array().is_some_and(|tags| tags[0] == tag);
            found.extend(operation.filter(tagged).map(|it| (method, path.as_str(), it)));
        }
    }
    found
}

fn badge(method: &str) -> String {
    format!("<b class=\"method {method}\">{}</b>", method.to_uppercase())
}

/// `provider_keys` as a title.
fn heading(tag: &str) -> String {
    let words = tag.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    escape(&format!("{first}{}", letters.as_str()))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
