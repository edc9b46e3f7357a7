//! docs/security.md says for each line which test shows it; it may not name one that is not there.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn the_security_table_names_tests_that_exist() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(project.join("docs/security.md")).unwrap();
    let (mut rust, mut browser) = (String::new(), String::new());
    for krate in ["app", "cluster", "domain", "server", "store"] {
        read(&project.join(krate), "rs", &mut rust);
    }
    read(&project.join("end2end/tests"), "ts", &mut browser);

    let mut named = BTreeSet::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let shown_by = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        named.extend(shown_by.split('`').skip(1).step_by(2).filter_map(|name| Some(name.rsplit_once("::")?.1)));
        for title in shown_by.split('"').skip(1).step_by(2) {
            assert!(browser.contains(title), "no browser test is called {title:?}");
        }
    }
    assert!(named.len() > 50, "{named:?}");
    let is_there = |name: &str| rust.contains(&format!("fn {name}(")) || rust.contains(&format!("mod {name};"));
    let missing: Vec<&str> = named.into_iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "docs/security.md names what is not there: {missing:?}");
}

/// Appends the files below a folder that end so.
fn read(folder: &Path, ending: &str, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() && entry.file_name() != "node_modules" {
            read(&path, ending, into);
        } else if path.extension().is_some_and(|found| found == ending) {
            into.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}
