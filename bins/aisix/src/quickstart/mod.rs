#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Vendor {
    Openai,
}
