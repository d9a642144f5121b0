use utoipa::openapi::OpenApi;
pub(crate) fn render(_: &OpenApi) -> String {
    String::new()
}
