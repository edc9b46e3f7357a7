//! The part of cargo-generate's face that cargo-leptos names, with nothing behind it.

use std::path::PathBuf;

#[derive(Debug, Default)]
pub struct TemplatePath {
    pub git: Option<String>,
    pub branch: Option<String>,
    pub tag: Option<String>,
    pub path: Option<String>,
    pub subfolder: Option<String>,
}

#[derive(Debug, Default)]
pub struct GenerateArgs {
    pub template_path: TemplatePath,
    pub name: Option<String>,
    pub force: bool,
    pub verbose: bool,
    pub init: bool,
    pub destination: Option<PathBuf>,
}

/// Always an error: this build of cargo-leptos makes no new projects.
pub fn generate(_: GenerateArgs) -> anyhow::Result<PathBuf> {
    Err(anyhow::anyhow!("`new` is left out of this build of cargo-leptos"))
}
